package cloud

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"github.com/cenkalti/backoff/v5"
	"github.com/go-json-experiment/json/jsontext"
	"github.com/gophercloud/gophercloud/v2"

	"github.com/stackhand/stackhand"
)

// caller makes the calls to one service of a cloud, and turns what goes wrong into errors
// for people.
type caller struct {
	site    *site
	sc      *gophercloud.ServiceClient
	service service
	secrets []string // never to be seen in a message
	client  *Client  // whose token it is; nil for calls that need none
	patience
}

// patience says whether a read is tried again. The poll is not patient: it comes again anyway.
type patience int

const (
	patient patience = iota
	hasty
)

var okCodes = []int{200, 201, 202, 203, 204, 300}

// once makes one call, decoding the answer into out unless that is nil.
func (c caller) once(ctx context.Context, method, u string, body, out any) error {
	opts := &gophercloud.RequestOpts{JSONBody: body, JSONResponse: out, OkCodes: okCodes}
	stream, streamed := out.(streamed)
	if streamed {
		opts.JSONResponse, opts.KeepResponseBody = nil, true
	} else {
		ctx = context.WithValue(ctx, oneThing{}, true)
	}
	at, wanted := out.(*located)
	if wanted {
		opts.JSONResponse = nil
	}
	if b, ok := body.(interface{ contentType() string }); ok {
		opts.MoreHeaders = map[string]string{"Content-Type": b.contentType()}
	}
	resp, err := c.request(ctx, method, u, opts)
	if err == nil && wanted {
		at.location = resp.Header.Get("Location")
	}
	if err == nil && streamed {
		err = decodeBody(resp.Body, stream)
	}
	if err != nil {
		return c.classify(ctx, method, u, err)
	}
	return nil
}

// streamed is an answer that is decoded while it comes in.
type streamed interface {
	decode(*jsontext.Decoder) error
}

func decodeBody(body io.ReadCloser, out streamed) error {
	defer body.Close()
	d := jsontext.NewDecoder(body, jsontext.AllowDuplicateNames(true), jsontext.AllowInvalidUTF8(true)) // as encoding/json does
	if err := out.decode(d); err != nil {
		return err
	}
	_, err := io.Copy(io.Discard, body) // or else the connection is not used again
	return err
}

// read is once for a GET, tried again for a short while.
func (c caller) read(ctx context.Context, u string, out any) error {
	if c.patience == hasty {
		return c.once(ctx, http.MethodGet, u, nil, out)
	}
	_, err := retryRead(ctx, c.site.opts, func() (struct{}, error) {
		return struct{}{}, c.once(ctx, http.MethodGet, u, nil, out)
	})
	return err
}

// Reads are tried this often, within the time that one call may take; a cloud that asks to wait longer than maxPause gets its wish
// from the caller, who knows how long people are willing to wait.
const (
	readTries = 4
	maxPause  = 5 * time.Second
)

// retryRead repeats what changes nothing while its errors are temporary.
func retryRead[T any](ctx context.Context, o Options, op func() (T, error)) (T, error) {
	pause := &backoff.ExponentialBackOff{
		InitialInterval: o.RetryPause, RandomizationFactor: 0.3, Multiplier: 2, MaxInterval: maxPause,
	}
	var last error
	out, err := backoff.Retry(ctx, func() (T, error) {
		v, err := op()
		last = err
		var e *stackhand.Error
		switch {
		case err == nil:
			return v, nil
		case !stackhand.Temporary(err) || ctx.Err() != nil:
			return v, backoff.Permanent(err)
		case errors.As(err, &e) && e.RetryAfter > maxPause:
			return v, backoff.Permanent(err)
		case errors.As(err, &e) && e.RetryAfter > 0:
			return v, &backoff.RetryAfterError{Duration: e.RetryAfter}
		}
		return v, err
	}, backoff.WithBackOff(pause), backoff.WithMaxTries(readTries), backoff.WithMaxElapsedTime(o.Timeout))
	if err != nil && last != nil {
		return out, last // the reason itself, also when the wait for another try was cut short
	}
	return out, err
}

// url joins path segments to the service's address. Segments are escaped; one that is empty
// or climbs would reach something else than meant, and is refused.
func (c caller) url(segments ...string) (string, error) {
	parts := make([]string, len(segments))
	for i, s := range segments {
		if s == "" || s == "." || s == ".." {
			return "", stackhand.Errorf(stackhand.Invalid, "An id or name is missing or makes no sense.")
		}
		parts[i] = url.PathEscape(s)
	}
	return c.sc.Endpoint + strings.Join(parts, "/"), nil
}

// get reads one thing.
func get[T any](ctx context.Context, c caller, segments ...string) (T, error) {
	var out T
	u, err := c.url(segments...)
	if err == nil {
		err = c.read(ctx, u, &out)
	}
	return out, err
}

// send changes something, once.
func send[T any](ctx context.Context, c caller, method string, body any, segments ...string) (T, error) {
	var out T
	u, err := c.url(segments...)
	if err == nil {
		err = c.once(ctx, method, u, body, &out)
	}
	return out, err
}

// do is send for calls whose answer does not matter.
func do(ctx context.Context, c caller, method string, body any, segments ...string) error {
	u, err := c.url(segments...)
	if err != nil {
		return err
	}
	return c.once(ctx, method, u, body, nil)
}

// remove deletes one thing.
func remove(ctx context.Context, c caller, segments ...string) error {
	return do(ctx, c, http.MethodDelete, nil, segments...)
}
