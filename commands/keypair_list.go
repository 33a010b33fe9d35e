package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

var _ = addList(listing[catalogueArgs]{
	name: "keypair list", noun: "key pair", help: "your key pairs", example: "keypair list", all: true,
	none: `keypair create NAME --public-key "ssh-ed25519 …"`,
	table: func(ctx context.Context, s *session, _ catalogueArgs) (*Table, error) {
		keys, err := s.KeyPairs(ctx)
		t := &Table{Columns: []string{"Name", "Type", "Fingerprint"}}
		for _, k := range byName(keys, func(k stackhand.KeyPair) string { return k.Name }) {
			t.Rows = append(t.Rows, []string{k.Name, dash(k.Type), k.Fingerprint})
		}
		return t, err
	},
})
