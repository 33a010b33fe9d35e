package commands

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

var _ = add(Command[catalogueArgs]{
	Name:     "keypair list",
	Help:     "your key pairs",
	Examples: []string{"keypair list"},
	Role:     stackhand.Member,
	Reads:    true,
	Run:      keypairList,
})

func keypairList(ctx context.Context, env *Env, user stackhand.User, a catalogueArgs) (Reply, error) {
	s, err := open(ctx, env, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	keys, err := s.KeyPairs(ctx)
	if err != nil {
		return Reply{}, err
	}
	if len(keys) == 0 {
		return Reply{Text: stackhand.Textf("You have no key pair in %s yet. Add one with %s.", s.name, stackhand.AsCode(`keypair create NAME --public-key "ssh-ed25519 …"`))}, nil
	}
	keys = slices.Clone(keys)
	slices.SortStableFunc(keys, func(a, b stackhand.KeyPair) int { return strings.Compare(a.Name, b.Name) })
	t := &Table{Columns: []string{"Name", "Type", "Fingerprint"}}
	for _, k := range keys {
		t.Rows = append(t.Rows, []string{k.Name, dash(k.Type), k.Fingerprint})
	}
	return paged(stackhand.Textf("%s in %s", count(len(keys), "key pair"), s.name), t, a.Page, func(p int) string { a.Page = p; return format("keypair list", a) })
}
