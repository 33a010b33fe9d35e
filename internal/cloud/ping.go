package cloud

import (
	"context"

	"github.com/gophercloud/gophercloud/v2"
)

// Ping tells whether the cloud's Keystone answers where clouds.yaml says, without logging in.
func (p *Pool) Ping(ctx context.Context, cloud string) error {
	s, err := p.site(cloud)
	if err != nil {
		return err
	}
	base, err := s.identity(ctx)
	if err != nil {
		return err
	}
	c := caller{site: s, sc: &gophercloud.ServiceClient{ProviderClient: s.provider(), Endpoint: base.URL}, service: identity}
	var version any
	return c.read(ctx, base.URL, &version)
}
