package cloud

import (
	"context"
	"net/http"
	"time"

	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

// refusal is how often one write met a 401 of late, each time with another token.
type refusal struct {
	token string
	times int
	last  time.Time
}

// A write that is refused with maxRefusals tokens in a row, each within refusalsWithin of the one before, is
// not a matter of tokens that end.
const (
	maxRefusals    = 3
	refusalsWithin = time.Minute
)

// request makes the call. A read that meets the end of its token is repeated with a new one. A write is not:
// something in front of the service may have said 401 after the service did it, and whoever repeats it has to
// look first.
func (c caller) request(ctx context.Context, method, u string, opts *gophercloud.RequestOpts) (*http.Response, error) {
	if c.client == nil || c.client.once == nil || method == http.MethodGet || method == http.MethodHead {
		return c.sc.Request(ctx, method, u, opts)
	}
	sc := *c.sc
	sc.ProviderClient = c.client.once
	token := sc.Token()
	resp, err := sc.Request(ctx, method, u, opts)
	if !gophercloud.ResponseCodeIs(err, http.StatusUnauthorized) {
		c.client.accepted(method + " " + u)
		return resp, err
	}
	if c.client.refuses(method+" "+u, token) {
		return nil, err
	}
	if err := c.client.prov.Reauthenticate(ctx, token); err != nil {
		return nil, err
	}
	return nil, stackhand.Errorf(stackhand.Unavailable, "The token ended in the middle of a call to the cloud's %s service.", c.service).
		Do("Try again in a moment.").Because(c.classify(ctx, method, u, err))
}

// accepted notes that a write met something else than a 401.
func (c *Client) accepted(call string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	delete(c.refused, call)
}

// refuses notes a 401, and tells whether new tokens do not help against it.
func (c *Client) refuses(call, token string) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	now := c.site.opts.Now()
	r := c.refused[call]
	if now.Sub(r.last) > refusalsWithin {
		r.times = 0
	}
	if r.times == 0 || r.token != token {
		r.times++
	}
	r.token, r.last = token, now
	c.refused[call] = r
	return r.times >= maxRefusals
}
