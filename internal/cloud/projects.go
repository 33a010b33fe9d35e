package cloud

import (
	"context"

	"github.com/stackhand/stackhand"
)

// Projects lists the projects that a login may choose from; it need not name one.
func (p *Pool) Projects(ctx context.Context, cloud string, login stackhand.Login) ([]stackhand.Project, error) {
	id, err := p.identify(ctx, cloud, login, false)
	if err != nil {
		return nil, err
	}
	if id.v2 {
		return all(ctx, id.caller, "tenants", "tenants", wireProject.project)
	}
	return all(ctx, id.caller, "auth/projects", "projects", wireProject.project)
}

// identified is a fresh token at Keystone, for the few calls about the login itself.
type identified struct {
	caller
	v2    bool
	grant grant
}

func (p *Pool) identify(ctx context.Context, cloud string, login stackhand.Login, scope bool) (identified, error) {
	s, err := p.site(cloud)
	if err != nil {
		return identified{}, err
	}
	g, err := s.login(ctx, login, scope)
	if err != nil {
		return identified{}, err
	}
	base, err := s.identity(ctx)
	if err != nil {
		return identified{}, err
	}
	c := &Client{pool: p, site: s, login: login, prov: s.provider(), grant: g}
	if err := c.prov.SetTokenAndAuthResult(g.result); err != nil {
		return identified{}, err
	}
	k, err := c.on(ctx, identity)
	return identified{caller: k, v2: base.V2, grant: g}, err
}
