package cloud

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/gophercloud/gophercloud/v2"
	"github.com/gophercloud/gophercloud/v2/openstack/utils"

	"github.com/stackhand/stackhand"
)

// Client reads and changes one project of one cloud with the rights of one credential. It is
// safe for concurrent use, and asks for a new token by itself when the old one has ended.
type Client struct {
	pool  *Pool
	site  *site
	login stackhand.Login
	prov  *gophercloud.ProviderClient // repeats a call by itself after a 401
	once  *gophercloud.ProviderClient // with the same token; for writes: repeats nothing

	mu       sync.Mutex
	grant    grant
	taken    time.Time                // when the grant was asked for
	doubtful bool                     // an address of its catalogue did not answer as OpenStack does
	flavors  memo[[]stackhand.Flavor] // to name flavors where Nova gives ids only
	features *stackhand.Features      // nil until they were found out
	refused  map[string]refusal       // writes that met a 401, by method and address
}

// memo keeps a value for a while.
type memo[T any] struct {
	value T
	until time.Time
}

func newClient(ctx context.Context, p *Pool, s *site, login stackhand.Login) (*Client, error) {
	g, err := s.login(ctx, login, true)
	if err != nil {
		return nil, err
	}
	if g.identity.ProjectID == "" {
		return nil, stackhand.Errorf(stackhand.Invalid, "The login to cloud %s names no project.", s.entry.Name).
			Do("Log in again and choose a project.")
	}
	c := &Client{pool: p, site: s, login: login, prov: s.provider(), once: s.provider(), grant: g, taken: p.opts.Now(), refused: map[string]refusal{}}
	if err := c.use(g); err != nil {
		return nil, err
	}
	c.prov.ReauthFunc = c.renewed
	return c, nil
}

// renew gets another token after a 401. gophercloud calls it once for all calls that failed
// with the same token; it must not end with the first of them that gives up.
func (c *Client) renew(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*c.site.opts.Timeout)
	defer cancel()
	g, err := c.site.login(ctx, c.login, true)
	if err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if g.identity.ProjectID != c.grant.identity.ProjectID {
		return stackhand.Errorf(stackhand.Unauthorized, "The login to cloud %s leads to another project than before.", c.site.entry.Name).
			Do("Log in again.")
	}
	c.grant, c.taken, c.doubtful = g, c.site.opts.Now(), false
	return c.use(g)
}

// renewed is renew, where a panic is an error: gophercloud has everybody who comes later wait for a renewal that did not return.
func (c *Client) renewed(ctx context.Context) error {
	err := stackhand.Guarded("asking for a token", func() error { return c.renew(ctx) })
	if len(stackhand.Panics(err)) > 0 {
		return stackhand.Errorf(stackhand.Internal, "The login to cloud %s could not be renewed by a mistake of this bot.", c.site.entry.Name).
			Do("Try again. If it stays like this, tell whoever runs this bot.").Because(err)
	}
	return err
}

// catalogLife is how long a catalogue is believed that lacks a service or whose addresses lead nowhere. It comes with the token, which
// may be good for a day: whoever mended it should not have to wait for that.
const catalogLife = 30 * time.Second

// doubt says that the catalogue has led astray. Calls without a client have none.
func (c *Client) doubt() {
	if c == nil {
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.doubtful = true
}

// again asks for a token anew, for the catalogue that comes with it, unless that was done just now. It tells whether there is another.
// It goes the way of calls that met a 401, since gophercloud reads the token there without its lock: nobody else may write it meanwhile.
func (c *Client) again(ctx context.Context) bool {
	now := c.site.opts.Now()
	c.mu.Lock()
	old := now.Sub(c.taken) >= catalogLife
	if old {
		c.taken = now // one at a time
	}
	c.mu.Unlock()
	if !old {
		return false
	}
	if err := c.prov.Reauthenticate(ctx, ""); err != nil {
		for _, p := range stackhand.Panics(err) {
			panic(p)
		}
		return false
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.features = nil
	return true
}

// endpoint is the address of a service in the catalogue, in a newer one where that is of no use.
func (c *Client) endpoint(ctx context.Context, s service) (string, error) {
	c.mu.Lock()
	cat, doubtful := c.grant.catalog, c.doubtful
	c.mu.Unlock()
	u, err := c.address(cat, s)
	missing := stackhand.KindOf(err) == stackhand.Invalid && (s == compute || len(cat) == 0 || !c.classic(ctx, s))
	if !missing && !doubtful || !c.again(ctx) {
		return u, err
	}
	c.mu.Lock()
	cat = c.grant.catalog
	c.mu.Unlock()
	return c.address(cat, s)
}

// use makes all calls from now on with the token of g.
func (c *Client) use(g grant) error {
	if err := errors.Join(c.once.SetTokenAndAuthResult(g.result), c.prov.SetTokenAndAuthResult(g.result)); err != nil {
		return fmt.Errorf("keep the token: %w", err)
	}
	return nil
}

// Identity tells who the credential is, as of its newest token.
func (c *Client) Identity() stackhand.Identity {
	c.mu.Lock()
	defer c.mu.Unlock()
	id := c.grant.identity
	id.Roles = append([]string(nil), id.Roles...)
	return id
}

// on makes the caller of a service. For compute it settles the microversion first.
func (c *Client) on(ctx context.Context, s service) (caller, error) {
	var u string
	var err error
	if s == identity {
		var base identityBase
		base, err = c.site.identity(ctx)
		u = base.URL
	} else {
		u, err = c.endpoint(ctx, s)
	}
	if err != nil && s == network && c.classic(ctx, s) {
		err = c.noNeutron().Because(err)
	}
	if err != nil {
		return caller{}, err
	}
	out := caller{
		site: c.site, service: s, secrets: secretsOf(c.login), client: c,
		sc: &gophercloud.ServiceClient{ProviderClient: c.prov, Endpoint: u, Type: string(s)},
	}
	if s == compute {
		out.sc.Microversion, err = c.site.microversion(ctx, out)
	}
	return out, err
}

// address is where a service is. Cinder's has the project in it.
func (c *Client) address(cat catalog, s service) (string, error) {
	if s != volume {
		return cat.locate(s, c.site.entry)
	}
	if len(cat) > 0 && !cat.has(s, c.site.entry) {
		where := "This cloud"
		if r := c.site.entry.Region; cat.has(s, Entry{Interface: c.site.entry.Interface}) {
			where = "The region " + r + " of this cloud"
		}
		return "", stackhand.Errorf(stackhand.NotFound, "%s has no block storage (Cinder).", where)
	}
	u, err := cat.locate(s, c.site.entry)
	project := c.Identity().ProjectID
	u = strings.NewReplacer("%(project_id)s", project, "%(tenant_id)s", project).Replace(u)
	if strings.HasSuffix(u, "/v3/") || strings.HasSuffix(u, "/v2/") {
		u += project + "/"
	}
	return u, err
}

// wanted is the newest microversion of Nova whose answers this package was tried with. From
// 2.47 on servers carry their flavor's name; see the history in
// https://docs.openstack.org/nova/latest/reference/api-microversion-history.html
var wanted = [2]int{2, 79}

// microversion settles which one to speak: the newest that both sides know. It is asked once
// per endpoint; "" is a Nova that knows none.
func (s *site) microversion(ctx context.Context, c caller) (string, error) {
	root := versionRoot(c.sc.Endpoint)
	s.mu.Lock()
	known, ok := s.micro[root]
	s.mu.Unlock()
	if ok {
		return known, nil
	}
	var doc struct {
		Version struct {
			Max string `json:"version"`
		} `json:"version"`
	}
	err := c.read(ctx, root, &doc)
	if stackhand.Temporary(err) || stackhand.KindOf(err) == stackhand.Canceled || stackhand.KindOf(err) == stackhand.Unauthorized {
		return "", err
	}
	v := "" // an error for good means that this Nova does not describe itself
	if major, minor, perr := utils.ParseMicroversion(doc.Version.Max); err == nil && perr == nil && major == wanted[0] {
		v = fmt.Sprintf("%d.%d", major, min(minor, wanted[1]))
	}
	s.mu.Lock()
	s.micro[root] = v
	s.mu.Unlock()
	return v, nil
}

// atLeast tells whether compute speaks this microversion of 2.
func (c caller) atLeast(minor int) bool {
	major, got, err := utils.ParseMicroversion(c.sc.Microversion)
	return err == nil && major == 2 && got >= minor
}

// own tells whether something belongs to the client's project; some clouds ignore the filter.
func (c *Client) own(projectID string) bool {
	return projectID == c.Identity().ProjectID
}
