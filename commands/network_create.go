package commands

import (
	"context"

	"github.com/stackhand/stackhand"
)

// newArgs is what commands take that make a thing with a name.
type newArgs struct {
	Name        string `arg:"name" opt:"name" required:"true" help:"what it is to be called"`
	Description string `value:"TEXT" help:"what it is for, in your words"`
	inJob
}

var _ = addMake(making[newArgs]{
	name: "network create", help: "make a network of your project's own; a subnet gives it addresses", examples: []string{"network create inner"},
	fill: func(ctx context.Context, s *session, a newArgs) (stackhand.MakeSpec, error) {
		if err := s.needNeutron(ctx, "networks to make"); err != nil {
			return stackhand.MakeSpec{}, err
		}
		return stackhand.MakeSpec{Kind: stackhand.KindNetwork, Name: a.Name, Description: a.Description}, checkLabel("network create", a.Name)
	},
})
