package cloud

import (
	"context"
)

// Keystone tells the host and port of a cloud's Keystone, and whether it speaks v2.0 only.
func (p *Pool) Keystone(ctx context.Context, cloud string) (at string, v2 bool, err error) {
	s, err := p.site(cloud)
	if err != nil {
		return "", false, err
	}
	base, err := s.identity(ctx)
	return host(base.URL), base.V2, err
}

// Where is the host and port of a service, by its official type such as "compute"; "" for one that the catalogue does not have.
func (c *Client) Where(kind string) string {
	c.mu.Lock()
	cat := c.grant.catalog
	c.mu.Unlock()
	u, err := c.address(cat, service(kind))
	if err != nil {
		return ""
	}
	return host(u)
}
