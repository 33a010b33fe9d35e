package cloud

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// Image reads one image, with all its properties.
func (c *Client) Image(ctx context.Context, id string) (stackhand.Image, error) {
	if c.classic(ctx, image) {
		return c.oldImage(ctx, id)
	}
	g, err := c.on(ctx, image)
	if err != nil {
		return stackhand.Image{}, err
	}
	i, err := get[wireImage](ctx, g, "images", id)
	return stackhand.Image(i), err
}

// imagePatch is a JSON Patch (RFC 6902), as far as Glance takes it.
type imagePatch []imageOp

type imageOp struct {
	Op    string `json:"op"`
	Path  string `json:"path"`
	Value any    `json:"value,omitempty"`
}

// contentType is Glance's own for it: https://docs.openstack.org/api-ref/image/v2/#update-image
func (imagePatch) contentType() string { return "application/openstack-images-v2.1-json-patch" }

// UpdateImage changes an image's fields and properties. To remove a property that is not there is no error.
func (c *Client) UpdateImage(ctx context.Context, id string, change stackhand.ImageChange) error {
	if c.classic(ctx, image) {
		return c.oldUpdateImage(ctx, id, change)
	}
	g, err := c.on(ctx, image)
	if err != nil {
		return err
	}
	patch := fieldsPatch(change)
	for key, v := range change.Set {
		patch = append(patch, imageOp{"add", pointer(key), v}) // also replaces
	}
	if len(change.Unset) > 0 {
		now, err := get[map[string]any](ctx, g, "images", id)
		if err != nil {
			return err
		}
		for _, key := range change.Unset {
			if _, there := now[key]; there {
				patch = append(patch, imageOp{Op: "remove", Path: pointer(key)})
			}
		}
	}
	if len(patch) == 0 {
		return nil
	}
	slices.SortStableFunc(patch, func(a, b imageOp) int { return strings.Compare(a.Path, b.Path) })
	defer c.forget(shelfImages)
	return do(ctx, g, http.MethodPatch, patch, "images", id)
}

func fieldsPatch(change stackhand.ImageChange) imagePatch {
	var patch imagePatch
	replace := func(field string, v any) { patch = append(patch, imageOp{"replace", "/" + field, v}) }
	if change.Name != "" {
		replace("name", change.Name)
	}
	if change.Visibility != "" {
		replace("visibility", change.Visibility)
	}
	if change.Protected != nil {
		replace("protected", *change.Protected)
	}
	if change.MinDisk != nil {
		replace("min_disk", *change.MinDisk)
	}
	if change.MinRAM != nil {
		replace("min_ram", *change.MinRAM)
	}
	return patch
}

// pointer is a JSON Pointer (RFC 6901) to a property.
func pointer(key string) string {
	return "/" + strings.NewReplacer("~", "~0", "/", "~1").Replace(key)
}

// DeleteImage deletes an image; Conflict while it is protected or in use.
func (c *Client) DeleteImage(ctx context.Context, id string) error {
	if c.classic(ctx, image) {
		return c.oldDeleteImage(ctx, id)
	}
	defer c.forget(shelfImages)
	return c.drop(ctx, image, "images", id)
}
