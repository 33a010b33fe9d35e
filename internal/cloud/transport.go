package cloud

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"time"
)

var errTooLarge = errors.New("the answer is larger than what is read of one")

// redirectError is a redirect that was not followed: the token would have gone with it.
type redirectError struct{ from, to string }

func (e *redirectError) Error() string {
	return fmt.Sprintf("%s redirects to %s", e.from, e.to)
}

// newHTTPClient makes the client that all credentials of one entry share.
func newHTTPClient(e Entry, o Options) (*http.Client, error) {
	base := o.Transport
	if base == nil {
		conf, err := e.tlsConfig()
		if err != nil {
			return nil, err
		}
		base = &http.Transport{
			Proxy:                 http.ProxyFromEnvironment,
			DialContext:           (&net.Dialer{Timeout: 10 * time.Second, KeepAlive: 30 * time.Second}).DialContext,
			TLSClientConfig:       conf,
			ForceAttemptHTTP2:     true,
			MaxIdleConnsPerHost:   16,
			IdleConnTimeout:       90 * time.Second,
			TLSHandshakeTimeout:   10 * time.Second,
			ResponseHeaderTimeout: o.Timeout,
		}
	}
	return &http.Client{
		Transport:     &transport{base: base, cloud: e.Name, log: o.Log, maxBody: o.MaxBody},
		Timeout:       o.Timeout,
		CheckRedirect: checkRedirect,
	}, nil
}

// checkRedirect follows reads on the same server only. net/http would take X-Auth-Token
// along to any other, and turn a POST into a GET.
func checkRedirect(req *http.Request, via []*http.Request) error {
	first := via[0]
	same := req.URL.Scheme == first.URL.Scheme && req.URL.Host == first.URL.Host
	read := first.Method == http.MethodGet || first.Method == http.MethodHead
	if !same || !read || len(via) > 3 {
		return &redirectError{from: first.URL.Scheme + "://" + first.URL.Host, to: req.URL.Scheme + "://" + req.URL.Host}
	}
	return nil
}

// transport bounds and logs every exchange. Bodies, queries and headers stay out of the log.
type transport struct {
	base    http.RoundTripper
	cloud   string
	log     *slog.Logger
	maxBody int64
}

func (t *transport) RoundTrip(req *http.Request) (*http.Response, error) {
	start := time.Now()
	resp, err := t.base.RoundTrip(req)
	status := 0
	if resp != nil {
		status = resp.StatusCode
	}
	t.log.LogAttrs(context.WithoutCancel(req.Context()), slog.LevelDebug, "openstack",
		slog.String("cloud", t.cloud), slog.String("method", req.Method), slog.String("host", req.URL.Host),
		slog.String("path", hideToken(req.URL.Path)), slog.Int("status", status),
		slog.Duration("took", time.Since(start)))
	if err != nil {
		return nil, err
	}
	if resp.StatusCode >= http.StatusBadRequest {
		resp.Body = cut{io.LimitReader(resp.Body, maxComplaint), resp.Body}
		return resp, nil
	}
	left := t.maxBody
	if req.Context().Value(oneThing{}) != nil {
		left = min(left, maxThing)
	}
	resp.Body = &boundedBody{ReadCloser: resp.Body, left: left}
	return resp, nil
}

// oneThing marks, in a request's context, that its answer is read as a whole, which takes several times its size.
type oneThing struct{}

// maxThing is how much is read of such an answer, in bytes. Nova keeps 100 KiB of a console's text.
const maxThing = 8 << 20

// maxComplaint is how much is read of an answer that says no, in bytes. What goes beyond is not an error: the status counts.
const maxComplaint = 256 << 10

// cut is the beginning of a body.
type cut struct {
	io.Reader
	io.Closer
}

// boundedBody ends with errTooLarge after left bytes.
type boundedBody struct {
	io.ReadCloser
	left int64
}

func (b *boundedBody) Read(p []byte) (int, error) {
	if b.left <= 0 {
		// Only a body that goes on is too large; one that ends here is not.
		var one [1]byte
		if n, err := b.ReadCloser.Read(one[:]); n == 0 {
			return 0, err
		}
		return 0, errTooLarge
	}
	if int64(len(p)) > b.left {
		p = p[:b.left]
	}
	n, err := b.ReadCloser.Read(p)
	b.left -= int64(n)
	return n, err
}
