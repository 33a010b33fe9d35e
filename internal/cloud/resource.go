package cloud

import (
	"context"
)

// getOn reads {"<kind>": …} below path, converted.
func getOn[W, T any](ctx context.Context, c *Client, s service, path, kind, id string, convert func(W) T) (T, error) {
	var zero T
	n, err := c.on(ctx, s)
	if err != nil {
		return zero, err
	}
	out, err := get[map[string]W](ctx, n, path, id)
	if err != nil {
		return zero, err
	}
	return convert(out[kind]), nil
}

// create posts {"<kind>": body} to path and reads {"<kind>": …} back.
func create[W any](ctx context.Context, c *Client, s service, path, kind string, body map[string]any) (W, error) {
	var zero W
	n, err := c.on(ctx, s)
	if err != nil {
		return zero, err
	}
	out, err := sendAs[map[string]W](ctx, n, path, kind, body)
	if err != nil {
		return zero, err
	}
	made, ok := out[kind]
	if !ok {
		return zero, n.made(kind, "")
	}
	return made, nil
}

// drop deletes one resource.
func (c *Client) drop(ctx context.Context, s service, path, id string) error {
	n, err := c.on(ctx, s)
	if err != nil {
		return err
	}
	return remove(ctx, n, path, id)
}
