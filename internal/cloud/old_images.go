package cloud

import (
	"context"
	"net/http"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// wireOldImage is an image as Nova shows it. Who owns it and who may see it, Nova does not tell.
type wireOldImage struct {
	ID       wireID            `json:"id"`
	Name     string            `json:"name"`
	Status   string            `json:"status"` // ACTIVE, SAVING, ERROR …
	MinDisk  int               `json:"minDisk"`
	MinRAM   int               `json:"minRam"`
	Size     int64             `json:"OS-EXT-IMG-SIZE:size"`
	Created  wireTime          `json:"created"`
	Updated  wireTime          `json:"updated"`
	Metadata map[string]string `json:"metadata"`
}

func (w wireOldImage) image() stackhand.Image {
	i := stackhand.Image{
		ID: string(w.ID), Name: w.Name, Status: strings.ToLower(w.Status), Size: w.Size, MinDisk: w.MinDisk, MinRAM: w.MinRAM,
		Owner: w.Metadata["owner_id"], Created: w.Created.Time, Updated: w.Updated.Time, Properties: map[string]string{},
	}
	if i.Status == "error" || i.Status == "unknown" {
		i.Status = "killed" // Glance's word
	}
	for k, v := range w.Metadata {
		if v != "" {
			i.Properties[k] = v
		}
	}
	if i.Created == (time.Time{}) {
		i.Created = i.Updated
	}
	return i
}

// oldImages lists the images that the project sees.
func (c *Client) oldImages(ctx context.Context) ([]stackhand.Image, error) {
	return listOn(ctx, c, compute, "images/detail", "images", nil, func(w wireOldImage) string { return string(w.ID) }, wireOldImage.image)
}

func (c *Client) oldImage(ctx context.Context, id string) (stackhand.Image, error) {
	return getOn(ctx, c, compute, "images", "image", id, wireOldImage.image)
}

// oldUpdateImage changes properties; Nova changes nothing else of an image.
func (c *Client) oldUpdateImage(ctx context.Context, id string, change stackhand.ImageChange) error {
	if change.Name != "" || change.Visibility != "" || change.Protected != nil || change.MinDisk != nil || change.MinRAM != nil {
		return stackhand.Errorf(stackhand.Invalid, "Cloud %s has no image service (Glance): only the properties of images can be changed there.", c.site.entry.Name).
			Do("Use --property, or ask the cloud's administrator.")
	}
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	defer c.forget(shelfImages)
	if len(change.Set) > 0 {
		if err := do(ctx, n, http.MethodPost, map[string]any{"metadata": change.Set}, "images", id, "metadata"); err != nil {
			return err
		}
	}
	for _, key := range change.Unset {
		err := remove(ctx, n, "images", id, "metadata", key)
		if stackhand.KindOf(err) == stackhand.NotFound { // the key or the image?
			_, err = c.oldImage(ctx, id)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (c *Client) oldDeleteImage(ctx context.Context, id string) error {
	defer c.forget(shelfImages)
	return c.drop(ctx, compute, "images", id)
}
