package openstack

import (
	"maps"
	"net/url"
	"slices"
	"strings"
)

// Images by Nova's own words: /images and /images/{id}/metadata.

var novaImageStatus = map[string]string{"active": "ACTIVE", "queued": "SAVING", "saving": "SAVING", "deleted": "DELETED", "killed": "ERROR"}

func (i *image) novaView(q *call) object {
	v := object{"id": i.id, "name": i.name, "minRam": i.minRAM, "minDisk": i.minDisk, "metadata": maps.Clone(i.props),
		"created": stamp(i.created), "updated": stamp(i.updated), "status": novaImageStatus[i.status], "progress": 100,
		"OS-EXT-IMG-SIZE:size": max(i.size, 0), "links": q.links("images", i.id)}
	if v["status"] == "SAVING" {
		v["progress"] = 25
	}
	if id := i.props["instance_uuid"]; id != "" {
		v["server"] = reference{id, q.links("servers", id)}
	}
	return v
}

// novaImages is GET /images and /images/detail, newest first.
func (c *Cloud) novaImages(detail bool) handler {
	return func(q *call) (answer, error) {
		limit, marker, err := q.limited()
		if err != nil {
			return answer{}, err
		}
		query := q.URL.Query()
		out, seen, body := []object{}, marker == "", object{}
		for _, id := range slices.Backward(c.imageIDs) {
			i := c.images[id]
			if !seen {
				seen = id == marker
				continue
			}
			if !i.listed(q) || !i.fitsNova(query) {
				continue
			}
			if len(out) == limit {
				if limit > 0 {
					body["images_links"] = q.nextLink(text(out[limit-1]["id"]))
				}
				break
			}
			v := i.novaView(q)
			if !detail {
				v = object{"id": i.id, "name": i.name, "links": v["links"]}
			}
			out = append(out, v)
		}
		if !seen {
			return answer{}, refusal(400, "marker [%s] not found", marker)
		}
		body["images"] = out
		return ok(body)
	}
}

func (i *image) fitsNova(query url.Values) bool {
	name, status := query.Get("name"), query.Get("status")
	return (name == "" || name == i.name) && (status == "" || strings.EqualFold(status, novaImageStatus[i.status]))
}

// novaImageFor is the path's image; to change it the caller must own it.
func (c *Cloud) novaImageFor(q *call, change bool) (*image, error) {
	i := c.images[q.id()]
	switch {
	case i == nil || !i.visibleTo(q.tok):
		return nil, refusal(404, "Image not found.")
	case change && !q.tok.sees(i.owner):
		return nil, refusal(403, "Not authorized for image %s.", i.id)
	}
	return i, nil
}

func (c *Cloud) novaImage(q *call) (answer, error) {
	i, err := c.novaImageFor(q, false)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"image": i.novaView(q)})
}

func (c *Cloud) dropNovaImage(q *call) (answer, error) {
	i, err := c.novaImageFor(q, false)
	if err != nil {
		return answer{}, err
	}
	if !q.tok.sees(i.owner) || i.protected {
		return answer{}, refusal(403, "You are not allowed to delete the image.")
	}
	if _, err := c.deleteImage(q); err != nil {
		return answer{}, err
	}
	return gone()
}

func (c *Cloud) imageMetadata(q *call) (answer, error) {
	i, err := c.novaImageFor(q, false)
	if err != nil {
		return answer{}, err
	}
	return ok(object{"metadata": maps.Clone(i.props)})
}

// setImageMetadata is PUT, which replaces all, and POST, which adds.
func (c *Cloud) setImageMetadata(q *call) (answer, error) {
	in, err := q.part("metadata")
	if err != nil {
		return answer{}, missingPart(err, "metadata")
	}
	if err := checkMetadata(in); err != nil {
		return answer{}, err
	}
	i, err := c.novaImageFor(q, true)
	if err != nil {
		return answer{}, err
	}
	if q.Method == "PUT" {
		clear(i.props)
	}
	for k, v := range in {
		i.props[k] = text(v)
	}
	i.updated = q.now
	return ok(object{"metadata": maps.Clone(i.props)})
}

func (c *Cloud) imageMeta(q *call) (answer, error) {
	i, err := c.novaImageFor(q, false)
	if err != nil {
		return answer{}, err
	}
	key := q.PathValue("key")
	v, there := i.props[key]
	if !there {
		return answer{}, refusal(404, "The resource could not be found.")
	}
	return ok(object{"meta": object{key: v}})
}

func (c *Cloud) setImageMeta(q *call) (answer, error) {
	in, err := q.part("meta")
	if err != nil {
		return answer{}, missingPart(err, "meta")
	}
	key := q.PathValue("key")
	if _, there := in[key]; !there || len(in) != 1 {
		return answer{}, refusal(400, "Request body and URI mismatch")
	}
	if err := checkMetadata(in); err != nil {
		return answer{}, err
	}
	i, err := c.novaImageFor(q, true)
	if err != nil {
		return answer{}, err
	}
	i.props[key], i.updated = text(in[key]), q.now
	return ok(object{"meta": in})
}

func (c *Cloud) dropImageMeta(q *call) (answer, error) {
	i, err := c.novaImageFor(q, true)
	if err != nil {
		return answer{}, err
	}
	key := q.PathValue("key")
	if _, there := i.props[key]; !there {
		return answer{}, refusal(404, "Invalid metadata key")
	}
	delete(i.props, key)
	i.updated = q.now
	return gone()
}
