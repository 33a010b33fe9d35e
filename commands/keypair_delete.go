package commands

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

type keypairDeleteArgs struct {
	Name string `arg:"name" required:"true" help:"as in keypair list"`
	inCloud
	Line Line
}

var _ = add(Command[keypairDeleteArgs]{
	Name:     "keypair delete",
	Help:     "forget a key pair; servers that have it keep it",
	Examples: []string{"keypair delete laptop"},
	Role:     stackhand.Member,
	Run:      keypairDelete,
})

func keypairDelete(ctx context.Context, env *Env, user stackhand.User, a keypairDeleteArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	if s.settings.Service && user.Role < stackhand.Admin {
		return Reply{}, stackhand.Errorf(stackhand.Forbidden, "The key pairs of %s belong to everybody, so only an administrator deletes them.", s.name).
			Do("Ask one.")
	}
	keys, err := s.KeyPairs(ctx)
	if err != nil {
		return Reply{}, err
	}
	found := false
	var have []string
	for _, k := range keys {
		found = found || k.Name == a.Name
		have = append(have, k.Name)
	}
	if !found {
		return Reply{}, missing("key pair", a.Name, have)
	}
	d := s.deed(a.Line, policy.Request{Verb: "delete", Noun: stackhand.KindKeyPair, Name: a.Name, Owner: user.ID}, nil)
	d.title = "Delete key pair " + a.Name
	if r, waits, err := env.pass(ctx, d); waits || err != nil {
		return r, err
	}
	if err := s.DeleteKeyPair(ctx, a.Name); err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return Reply{}, err
	}
	return Reply{Text: stackhand.Textf("The key pair %s is deleted. Servers that were made with it still let it in.", a.Name)}, nil
}
