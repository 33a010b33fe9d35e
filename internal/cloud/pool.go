package cloud

import (
	"cmp"
	"context"
	"crypto/hmac"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"log/slog"
	"maps"
	"net/http"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/singleflight"

	"github.com/stackhand/stackhand"
)

// Options of a Pool; the zero value is good.
type Options struct {
	UserAgent  string            // "stackhand/<version>"; by default "stackhand"
	Timeout    time.Duration     // of one call and try; by default 30 s
	Log        *slog.Logger      // by default nothing is logged
	Transport  http.RoundTripper // instead of the one made from the entry; for tests and faults
	Now        func() time.Time
	Poll       Poll
	MaxBody    int64         // bytes read of one page of a list; by default 32 MiB (1,000 servers are some 3 MB)
	PageSize   int           // items asked for in one page of a list; by default 1000
	RetryPause time.Duration // before the first repeat of a read; by default 200 ms
	Idle       time.Duration // a client nobody asked for during this time is dropped; by default 30 min
}

func (o Options) withDefaults() Options {
	o.UserAgent = cmp.Or(o.UserAgent, "stackhand")
	o.Timeout = cmp.Or(o.Timeout, 30*time.Second)
	if o.Log == nil {
		o.Log = slog.New(slog.DiscardHandler)
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	o.MaxBody = cmp.Or(o.MaxBody, 32<<20)
	o.PageSize = cmp.Or(o.PageSize, 1000)
	o.RetryPause = cmp.Or(o.RetryPause, 200*time.Millisecond)
	o.Idle = cmp.Or(o.Idle, 30*time.Minute)
	o.Poll = o.Poll.withDefaults()
	return o
}

// Pool keeps the clients of all clouds, one per credential. It is safe for concurrent use.
type Pool struct {
	opts    Options
	entries map[string]Entry
	key     []byte // of the hash that names credentials, so that no table of hashes fits
	flight  singleflight.Group

	mu      sync.Mutex
	sites   map[place]*site
	clients map[clientKey]*pooled
	pollers map[pollKey]*poller
}

// place is a cloud, or another region of it than the one that clouds.yaml names; region "" is that one.
type place struct{ cloud, region string }

// clientKey names a credential in a region without holding it.
type clientKey struct{ credential, region string }

type pooled struct {
	client *Client
	used   time.Time
}

// NewPool makes a Pool of the clouds in entries. It connects to nothing yet.
func NewPool(entries map[string]Entry, opts Options) *Pool {
	key := make([]byte, 32)
	_, _ = rand.Read(key) // never fails: it ends the program instead
	return &Pool{
		opts: opts.withDefaults(), entries: maps.Clone(entries), key: key,
		sites: map[place]*site{}, clients: map[clientKey]*pooled{}, pollers: map[pollKey]*poller{},
	}
}

// Client gives the client of a login, which must name a project unless it is an application
// credential. The first call logs in; later ones answer from memory.
func (p *Pool) Client(ctx context.Context, cloud string, login stackhand.Login) (*Client, error) {
	return p.ClientIn(ctx, cloud, "", login)
}

// ClientIn is Client in another region of the catalogue than clouds.yaml names; "" is that one.
func (p *Pool) ClientIn(ctx context.Context, cloud, region string, login stackhand.Login) (*Client, error) {
	s, err := p.siteIn(cloud, region)
	if err != nil {
		return nil, err
	}
	key := clientKey{p.keyOf(cloud, login), s.entry.Region}
	if c := p.cached(key); c != nil {
		return c, nil
	}
	// One caller who gives up must not fail the others that wait for the same login.
	made := p.flight.DoChan(key.credential+key.region, func() (any, error) {
		ctx, cancel := context.WithTimeout(context.WithoutCancel(ctx), 2*p.opts.Timeout)
		defer cancel()
		return p.connect(ctx, s, key, login)
	})
	select {
	case r := <-made:
		if r.Err != nil {
			return nil, r.Err
		}
		return r.Val.(*Client), nil
	case <-ctx.Done():
		return nil, stackhand.Errorf(stackhand.KindOf(ctx.Err()), "The login to cloud %s did not end in time.", cloud).Because(ctx.Err())
	}
}

func (p *Pool) connect(ctx context.Context, s *site, key clientKey, login stackhand.Login) (*Client, error) {
	if c := p.cached(key); c != nil {
		return c, nil
	}
	c, err := newClient(ctx, p, s, login)
	if err != nil {
		return nil, err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.clients[key] = &pooled{client: c, used: p.opts.Now()}
	return c, nil
}

// cached also drops the clients that nobody has asked for in a while.
func (p *Pool) cached(key clientKey) *Client {
	p.mu.Lock()
	defer p.mu.Unlock()
	now := p.opts.Now()
	for k, c := range p.clients {
		if k != key && now.Sub(c.used) > p.opts.Idle {
			delete(p.clients, k)
		}
	}
	c := p.clients[key]
	if c == nil {
		return nil
	}
	c.used = now
	return c.client
}

// Own is the login that clouds.yaml has for a cloud; false where it has none that serves.
func (p *Pool) Own(cloud string) (stackhand.Login, bool) {
	login := p.entries[cloud].Auth
	return login, authType(login) != ""
}

// Service gives the client of the entry's own credentials.
func (p *Pool) Service(ctx context.Context, cloud string) (*Client, error) {
	return p.ServiceIn(ctx, cloud, "")
}

// ServiceIn is Service in another region of the catalogue than clouds.yaml names; "" is that one.
func (p *Pool) ServiceIn(ctx context.Context, cloud, region string) (*Client, error) {
	s, err := p.siteIn(cloud, region)
	if err != nil {
		return nil, err
	}
	if authType(s.entry.Auth) == "" {
		return nil, stackhand.Errorf(stackhand.Invalid, "Cloud %s has no credentials in %s.", cloud, s.entry.File).
			Do("Ask the operator to add them there, or to set credentials: user.")
	}
	return p.ClientIn(ctx, cloud, region, s.entry.Auth)
}

// Forget drops the client of a login, after a logout for instance. Calls that are under way end.
func (p *Pool) Forget(cloud string, login stackhand.Login) {
	credential := p.keyOf(cloud, login)
	p.mu.Lock()
	defer p.mu.Unlock()
	for key := range p.clients {
		if key.credential == credential {
			p.flight.Forget(key.credential + key.region)
			delete(p.clients, key)
		}
	}
}

// Clouds are the names of the clouds, sorted.
func (p *Pool) Clouds() []string { return slices.Sorted(maps.Keys(p.entries)) }

func (p *Pool) site(cloud string) (*site, error) { return p.siteIn(cloud, "") }

// siteIn is the one of a region. The addresses that clouds.yaml sets are of its own region: elsewhere only the
// one of the identity service counts.
func (p *Pool) siteIn(cloud, region string) (*site, error) {
	p.mu.Lock()
	defer p.mu.Unlock()
	entry, ok := p.entries[cloud]
	if !ok {
		return nil, stackhand.Errorf(stackhand.NotFound, "There is no cloud %q.", cloud).
			Do("Choose one of: %s.", strings.Join(p.Clouds(), ", "))
	}
	if region == entry.Region {
		region = ""
	}
	if s := p.sites[place{cloud, region}]; s != nil {
		return s, nil
	}
	if region != "" {
		if entry.Region != "" {
			entry.Overrides = map[string]string{"identity": entry.Overrides["identity"]}
		}
		entry.Region = region
	}
	client, err := newHTTPClient(entry, p.opts)
	if err != nil {
		return nil, err
	}
	s := &site{entry: entry, opts: p.opts, http: client, micro: map[string]string{}, shelves: map[shelfKey]*shelf{}}
	p.sites[place{cloud, region}] = s
	return s, nil
}

// keyOf names a credential without holding it.
func (p *Pool) keyOf(cloud string, login stackhand.Login) string {
	b, err := json.Marshal([]any{cloud, login})
	if err != nil {
		panic(err) // strings only: it cannot be
	}
	mac := hmac.New(sha256.New, p.key)
	mac.Write(b)
	return hex.EncodeToString(mac.Sum(nil))
}
