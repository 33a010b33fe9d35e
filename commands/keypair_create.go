package commands

import (
	"bytes"
	"context"
	"regexp"
	"strings"

	"golang.org/x/crypto/ssh"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type keypairCreateArgs struct {
	Name      string `arg:"name" opt:"name" required:"true" help:"letters, digits, dots, hyphens and underscores"`
	PublicKey string `opt:"public-key" value:"\"ssh-ed25519 …\"" rest:"true" help:"the public key, or share its .pub file with the message"`
	inCloud
	Line Line
}

var _ = add(Command[keypairCreateArgs]{
	Name:     "keypair create",
	Help:     "add your public key, to log in to servers with",
	Examples: []string{`keypair create laptop --public-key "ssh-ed25519 AAAAC3… me@laptop"`},
	Role:     stackhand.Member,
	Run:      keypairCreate,
})

var keyName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._@-]{0,253}[A-Za-z0-9])?$`)

const makeKey = "Make one on your computer with `ssh-keygen -t ed25519`, and give the line in the file that ends in .pub. The private part never leaves your computer."

func keypairCreate(ctx context.Context, env *Env, user stackhand.User, a keypairCreateArgs) (Reply, error) {
	if !keyName.MatchString(a.Name) {
		return Reply{}, find("keypair create").misuse("%s cannot be a key pair's name: it has letters, digits, dots, hyphens and underscores only.", quote(clip(a.Name, 60)))
	}
	key, err := a.key()
	if err != nil {
		return Reply{}, err
	}
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	d := s.deed(a.Line, policy.Request{Verb: "create", Noun: stackhand.KindKeyPair, Name: a.Name, Owner: user.ID}, nil)
	d.title, d.facts.Thing = "Create key pair "+a.Name, fingerprint(key)
	if r, waits, err := env.pass(ctx, d); waits || err != nil {
		return r, err
	}
	made, err := s.CreateKeyPair(ctx, a.Name, key)
	if stackhand.KindOf(err) == stackhand.Conflict {
		// The same line may come twice, or its first answer may have been lost.
		if same, ferr := s.sameKey(ctx, a.Name, key); ferr != nil || same == nil {
			return Reply{}, stackhand.Errorf(stackhand.Conflict, "You have a key pair called %s already, with another key.", a.Name).
				Do("Choose another name, or `keypair delete %s` first.", a.Name).Because(err)
		} else {
			made, err = *same, nil
		}
	}
	if err != nil {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("The key pair %s is there (%s). Servers that you create from now on can be entered with it.", made.Name, first(made.Fingerprint, fingerprint(key)))}, nil
}

// sameKey finds the key pair of that name if it holds that very key.
func (s *session) sameKey(ctx context.Context, name, key string) (*stackhand.KeyPair, error) {
	keys, err := s.KeyPairs(ctx)
	if err != nil {
		return nil, err
	}
	for _, k := range keys {
		if k.Name == name && (k.PublicKey != "" && fingerprint(k.PublicKey) == fingerprint(key) || k.Fingerprint != "" && k.Fingerprint == legacyFingerprint(key)) {
			return &k, nil
		}
	}
	return nil, nil
}

func fingerprint(key string) string {
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
	if err != nil {
		return ""
	}
	return ssh.FingerprintSHA256(pub)
}

// legacyFingerprint is the one that Nova tells.
func legacyFingerprint(key string) string {
	pub, _, _, _, err := ssh.ParseAuthorizedKey([]byte(key))
	if err != nil {
		return ""
	}
	return ssh.FingerprintLegacyMD5(pub)
}

// key is the public key of the line or of the file shared with it, checked.
func (a *keypairCreateArgs) key() (string, error) {
	raw := []byte(a.PublicKey)
	if f := a.Line.file(a.PublicKey); f != nil {
		raw = f.Content
	} else if a.PublicKey == "" && len(a.Line.Files) == 1 {
		raw = a.Line.Files[0].Content
	}
	raw = bytes.TrimSpace(raw)
	e := find("keypair create")
	switch {
	case len(raw) == 0:
		return "", stackhand.Errorf(stackhand.Invalid, "keypair create needs your public key. Usage: %s.", e.Usage).Do(makeKey)
	case bytes.Contains(raw, []byte("PRIVATE KEY")), bytes.HasPrefix(raw, []byte("PuTTY")):
		return "", stackhand.Errorf(stackhand.Invalid, "That is a private key, so nothing was done with it.").
			Do("Delete the message and the file, and consider this key known. %s", makeKey)
	}
	pub, comment, _, rest, err := ssh.ParseAuthorizedKey(raw)
	switch {
	case err != nil:
		return "", stackhand.Errorf(stackhand.Invalid, "%s is no public key that SSH knows.", quote(clip(string(raw), 30))).Do(makeKey).Because(err)
	case len(bytes.TrimSpace(rest)) > 0:
		return "", stackhand.Errorf(stackhand.Invalid, "There are several keys in it, and a key pair has one.").Do("Give one line.")
	}
	line := strings.TrimSpace(string(ssh.MarshalAuthorizedKey(pub)))
	return strings.TrimSpace(line + " " + comment), nil
}
