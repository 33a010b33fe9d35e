package openstack

import (
	"crypto/ed25519"
	"crypto/md5" // the fingerprint that Nova shows is MD5
	"crypto/rand"
	"encoding/base64"
	"encoding/hex"
	"encoding/pem"
	"slices"
	"strings"
	"time"

	"golang.org/x/crypto/ssh"
)

// keyPair is a public key of a user.
type keyPair struct {
	id                        int
	name, public, print, kind string
	created                   time.Time
}

func (c *Cloud) keyPair(userID, name string) *keyPair {
	for _, k := range c.compute.keys[userID] {
		if k.name == name {
			return k
		}
	}
	return nil
}

// keyOwner is whose key pairs a request is about: administrators may name somebody else.
func (c *Cloud) keyOwner(q *call) (string, error) {
	id := q.URL.Query().Get("user_id")
	if id == "" || id == q.tok.user.id {
		return q.tok.user.id, nil
	}
	if !q.tok.admin() {
		return "", novaPolicy("os-keypairs:show")
	}
	return id, nil
}

func (k *keyPair) view(q *call) object {
	v := object{"name": k.name, "public_key": k.public, "fingerprint": k.print}
	if q.minor >= 2 {
		v["type"] = k.kind
	}
	return v
}

func (c *Cloud) listKeys(q *call) (answer, error) {
	owner, err := c.keyOwner(q)
	if err != nil {
		return answer{}, err
	}
	limit, marker, err := q.limited()
	if err != nil {
		return answer{}, err
	}
	list := slices.SortedFunc(slices.Values(c.compute.keys[owner]), func(a, b *keyPair) int { return strings.Compare(a.name, b.name) })
	if marker != "" && q.minor >= 35 {
		at := slices.IndexFunc(list, func(k *keyPair) bool { return k.name == marker })
		if at < 0 {
			return answer{}, refusal(400, "marker [%s] not found", marker)
		}
		list = list[at+1:]
	}
	body, out := object{}, []object{}
	for i, k := range list {
		if i == limit && q.minor >= 35 {
			body["keypairs_links"] = q.nextLink(list[i-1].name)
			break
		}
		out = append(out, object{"keypair": k.view(q)})
	}
	body["keypairs"] = out
	return ok(body)
}

func (c *Cloud) showKey(q *call) (answer, error) {
	owner, err := c.keyOwner(q)
	if err != nil {
		return answer{}, err
	}
	k := c.keyPair(owner, q.id())
	if k == nil {
		return answer{}, refusal(404, "Keypair %s not found for user %s", q.id(), owner)
	}
	v := k.view(q)
	v["user_id"], v["id"], v["created_at"] = owner, k.id, micro(k.created)
	v["deleted"], v["deleted_at"], v["updated_at"] = false, nil, nil
	return ok(object{"keypair": v})
}

// createKey is POST /os-keypairs: takes a public key, and makes a pair before 2.92 without one.
func (c *Cloud) createKey(q *call) (answer, error) {
	in, err := q.part("keypair")
	if err != nil {
		return answer{}, missingPart(err, "keypair")
	}
	k, err := c.checkKeyPair(q, in)
	if err != nil {
		return answer{}, err
	}
	owner := q.tok.user.id
	if u := text(in["user_id"]); u != "" && u != owner {
		if !q.tok.admin() {
			return answer{}, novaPolicy("os-keypairs:create")
		}
		owner = u
	}
	if c.keyPair(owner, k.name) != nil {
		return answer{}, refusal(409, "Key pair '%s' already exists.", k.name)
	}
	if len(c.compute.keys[owner]) >= c.computeLimits(q.tok.projectID())["key_pairs"] {
		return answer{}, refusal(403, "Quota exceeded, too many key pairs.")
	}
	var private string
	if k.public == "" {
		if private, err = k.make(); err != nil {
			return answer{}, err
		}
	}
	c.compute.keys[owner] = append(c.compute.keys[owner], k)
	v := k.view(q)
	v["user_id"] = owner
	if private != "" {
		v["private_key"] = private
	}
	code := 200
	if q.minor >= 2 {
		code = 201
	}
	return answer{code: code, body: object{"keypair": v}}, nil
}

const keyNameChars = "_- 0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"

func (c *Cloud) checkKeyPair(q *call, in object) (*keyPair, error) {
	name, isText := in["name"].(string)
	chars := keyNameChars
	if q.minor >= 92 {
		chars += "@."
	}
	switch {
	case in["name"] == nil:
		return nil, invalid("keypair", in, "'name' is a required property")
	case !isText:
		return nil, invalid("name", in["name"], "%s is not of type 'string'", quoted(in["name"]))
	case name == "":
		return nil, invalid("name", name, "'' is too short")
	case len(name) > 255:
		return nil, invalid("name", name, "%s is too long", quoted(name))
	case strings.Trim(name, chars) != "" || strings.TrimSpace(name) != name:
		return nil, refusal(400, "An invalid 'name' value was provided. The name must be: Only expected characters: [%s]", chars)
	}
	k := &keyPair{id: c.next(), name: name, kind: "ssh", created: q.now}
	if v, given := in["type"]; given && q.minor >= 2 {
		if k.kind = text(v); k.kind != "ssh" && k.kind != "x509" {
			return nil, invalid("type", v, "%s is not one of ['ssh', 'x509']", quoted(v))
		}
	}
	v, given := in["public_key"]
	if !given {
		if q.minor >= 92 {
			return nil, invalid("keypair", in, "'public_key' is a required property")
		}
		return k, nil
	}
	k.public = text(v)
	print, valid := fingerprint(k.public)
	if !valid {
		return nil, refusal(400, "Keypair data is invalid: failed to generate fingerprint")
	}
	k.print = print
	return k, nil
}

// fingerprint is the MD5 of a public key's blob, as Nova prints it. Like Nova it takes any
// key whose blob begins with the name of its type.
func fingerprint(public string) (string, bool) {
	fields := strings.Fields(public)
	if len(fields) < 2 || !strings.HasPrefix(fields[0], "ssh-") && !strings.HasPrefix(fields[0], "ecdsa-") && !strings.HasPrefix(fields[0], "sk-") {
		return "", false
	}
	blob, err := base64.StdEncoding.DecodeString(fields[1])
	if err != nil || len(blob) < 4+len(fields[0]) || string(blob[4:4+len(fields[0])]) != fields[0] {
		return "", false
	}
	sum := md5.Sum(blob)
	parts := make([]string, len(sum))
	for i, b := range sum {
		parts[i] = hex.EncodeToString([]byte{b})
	}
	return strings.Join(parts, ":"), true
}

// make generates the pair and returns its private half, which is kept nowhere.
func (k *keyPair) make() (string, error) {
	public, private, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		return "", err
	}
	line, err := ssh.NewPublicKey(public)
	if err != nil {
		return "", err
	}
	block, err := ssh.MarshalPrivateKey(private, "Generated-by-Nova")
	if err != nil {
		return "", err
	}
	k.public = strings.TrimSpace(string(ssh.MarshalAuthorizedKey(line))) + " Generated-by-Nova"
	k.print, _ = fingerprint(k.public)
	return string(pem.EncodeToMemory(block)), nil
}

func (c *Cloud) deleteKey(q *call) (answer, error) {
	owner, err := c.keyOwner(q)
	if err != nil {
		return answer{}, err
	}
	k := c.keyPair(owner, q.id())
	if k == nil {
		return answer{}, refusal(404, "Keypair %s not found for user %s", q.id(), owner)
	}
	c.compute.keys[owner] = slices.DeleteFunc(c.compute.keys[owner], func(o *keyPair) bool { return o == k })
	if q.minor >= 2 {
		return gone()
	}
	return accepted(nil)
}
