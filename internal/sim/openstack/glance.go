package openstack

import (
	"crypto/md5" // Glance's checksum is MD5
	"crypto/sha512"
	"encoding/hex"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
)

// image is an image of Glance: sizes in bytes, minDisk in GiB, minRAM in MiB.
type image struct {
	id, name, owner, visibility, status string
	diskFormat, containerFormat         string
	checksum, hash                      string
	size, virtualSize                   int64 // −1: not known yet
	minDisk, minRAM                     int
	protected                           bool
	tags                                []string
	props                               map[string]string
	data                                []byte
	created, updated                    time.Time
}

func (c *Cloud) addImage(i *image) {
	if i.id == "" {
		i.id = newID()
	}
	if i.props == nil {
		i.props = map[string]string{}
	}
	c.images[i.id] = i
	c.imageIDs = append(c.imageIDs, i.id)
}

// visibleTo tells whether a token's owner may see the image.
func (i *image) visibleTo(t *token) bool {
	return i.visibility == "public" || i.visibility == "community" || t.sees(i.owner)
}

// fill gives a queued image its content.
func (i *image) fill(data []byte, now time.Time) {
	sum, hash := md5.Sum(data), sha512.Sum512(data)
	i.data, i.size, i.virtualSize = data, int64(len(data)), int64(len(data))
	i.checksum, i.hash = hex.EncodeToString(sum[:]), hex.EncodeToString(hash[:])
	i.status, i.updated = "active", now
}

func (i *image) view() object {
	v := object{}
	for k, p := range i.props {
		v[k] = p
	}
	v["id"], v["name"], v["owner"], v["visibility"], v["status"] = i.id, orNil(i.name), i.owner, i.visibility, i.status
	v["disk_format"], v["container_format"] = orNil(i.diskFormat), orNil(i.containerFormat)
	v["checksum"], v["os_hash_value"], v["os_hash_algo"], v["os_hidden"] = orNil(i.checksum), orNil(i.hash), orNil(""), false
	if i.hash != "" {
		v["os_hash_algo"] = "sha512"
	}
	v["size"], v["virtual_size"] = any(i.size), any(i.virtualSize)
	if i.status == "queued" {
		v["size"], v["virtual_size"] = nil, nil
	}
	v["min_disk"], v["min_ram"], v["protected"], v["tags"] = i.minDisk, i.minRAM, i.protected, append([]string{}, i.tags...)
	v["created_at"], v["updated_at"] = stamp(i.created), stamp(i.updated)
	v["self"], v["file"], v["schema"] = "/v2/images/"+i.id, "/v2/images/"+i.id+"/file", "/v2/schemas/image"
	if i.status == "active" {
		v["stores"] = "file"
	}
	return v
}

// glanceProblem is a refusal as Glance writes it.
func glanceProblem(e *apiError) any {
	title := http.StatusText(e.code)
	if e.code == http.StatusUnauthorized {
		e.msg = "This server could not verify that you are authorized to access the document you requested. Either you supplied the wrong credentials (e.g., bad password), or your browser does not understand how to supply the credentials required."
	}
	return object{"message": e.msg + "<br /><br />\n\n\n", "code": fmt.Sprintf("%d %s", e.code, title), "title": title}
}

func (c *Cloud) imageFor(q *call) (*image, error) {
	i := c.images[q.id()]
	if i == nil || !i.visibleTo(q.tok) {
		return nil, refusal(404, "No image found with ID %s", q.id())
	}
	return i, nil
}

// ownImage is the path's image, if the caller may change it.
func (c *Cloud) ownImage(q *call) (*image, error) {
	i, err := c.imageFor(q)
	if err == nil && !q.tok.sees(i.owner) {
		err = refusal(403, "You do not own this image")
	}
	return i, err
}

func (c *Cloud) showImage(q *call) (answer, error) {
	i, err := c.imageFor(q)
	if err != nil {
		return answer{}, err
	}
	return ok(i.view())
}

// listImages is GET /v2/images: newest first, with filters, sorting and pages.
func (c *Cloud) listImages(q *call) (answer, error) {
	query := q.URL.Query()
	limit := 25
	if s := query.Get("limit"); s != "" {
		n, err := strconv.Atoi(s)
		if err != nil {
			return answer{}, refusal(400, "limit param must be an integer")
		}
		if n < 0 {
			return answer{}, refusal(400, "limit param must be positive")
		}
		limit = min(n, 1000)
	}
	var items []object
	for _, id := range slices.Backward(c.imageIDs) {
		if i := c.images[id]; i.listed(q) && imageFits(i.view(), query) {
			items = append(items, i.view())
		}
	}
	if err := sortImages(items, query); err != nil {
		return answer{}, err
	}
	if m := query.Get("marker"); m != "" {
		at := slices.IndexFunc(items, func(o object) bool { return o["id"] == m })
		if at < 0 {
			return answer{}, refusal(400, "No image found with ID %s", m)
		}
		items = items[at+1:]
	}
	first := query
	first.Del("marker")
	body := object{"schema": "/v2/schemas/images", "first": "/v2/images" + queryOf(first.Encode())}
	if len(items) > limit && limit > 0 {
		items = items[:limit]
		next := q.URL.Query()
		next.Set("marker", text(items[limit-1]["id"]))
		body["next"] = "/v2/images?" + next.Encode()
	}
	if items == nil || limit == 0 {
		items = []object{}
	}
	body["images"] = items
	return ok(body)
}

func queryOf(s string) string {
	if s == "" {
		return ""
	}
	return "?" + s
}

// listed tells whether a list shows the image: community images only to who asks for them.
func (i *image) listed(q *call) bool {
	if i.visibility == "community" && q.URL.Query().Get("visibility") != "community" {
		return q.tok.projectID() == i.owner
	}
	return i.visibleTo(q.tok)
}

func imageFits(v object, query map[string][]string) bool {
	for key, values := range query {
		want := values[len(values)-1]
		switch key {
		case "limit", "marker", "sort_key", "sort_dir", "sort", "member_status", "os_hidden":
		case "tag":
			for _, t := range values {
				if !slices.Contains(v["tags"].([]string), t) {
					return false
				}
			}
		case "size_min", "size_max":
			size, _ := v["size"].(int64)
			n, _ := strconv.ParseInt(want, 10, 64)
			if key == "size_min" && size < n || key == "size_max" && size > n {
				return false
			}
		default:
			if list, in := strings.CutPrefix(want, "in:"); in {
				if !slices.Contains(strings.Split(strings.ReplaceAll(list, `"`, ""), ","), plain(v[key])) {
					return false
				}
			} else if key != "visibility" || want != "all" {
				if !matches(v[key], want) {
					return false
				}
			}
		}
	}
	return true
}

var imageSortKeys = []string{"name", "status", "container_format", "disk_format", "size", "id", "created_at", "updated_at"}

func sortImages(items []object, query map[string][]string) error {
	keys, dirs := query["sort_key"], query["sort_dir"]
	for _, s := range query["sort"] {
		for _, part := range strings.Split(s, ",") {
			key, dir, _ := strings.Cut(part, ":")
			keys, dirs = append(keys, key), append(dirs, dir)
		}
	}
	for i, key := range keys {
		if !slices.Contains(imageSortKeys, key) {
			return refusal(400, "Invalid sort key: %s. It must be one of the following: %s.", key, strings.Join(imageSortKeys, ", "))
		}
		if i >= len(dirs) {
			dirs = append(dirs, "desc")
		}
	}
	order(items, keys, dirs)
	return nil
}

// uploadImage is PUT /v2/images/{id}/file.
func (c *Cloud) uploadImage(q *call) (answer, error) {
	i, err := c.ownImage(q)
	if err != nil {
		return answer{}, err
	}
	if i.status != "queued" {
		return answer{}, refusal(409, "Image status transition from %s to saving is not allowed", i.status)
	}
	if i.diskFormat == "" || i.containerFormat == "" {
		return answer{}, refusal(400, "Properties disk_format, container_format must be set prior to saving data.")
	}
	data, err := io.ReadAll(q.Body)
	if err != nil {
		return answer{}, err
	}
	i.fill(data, q.now)
	return gone()
}

func (c *Cloud) downloadImage(q *call) (answer, error) {
	i, err := c.imageFor(q)
	if err != nil {
		return answer{}, err
	}
	if i.status != "active" {
		return gone()
	}
	return answer{code: 200, body: append([]byte{}, i.data...), head: map[string]string{
		"Content-Type": "application/octet-stream", "Content-MD5": i.checksum}}, nil
}

// deleteImage is DELETE /v2/images/{id}. Servers that were made from it live on.
func (c *Cloud) deleteImage(q *call) (answer, error) {
	i, err := c.ownImage(q)
	if e, isAPI := err.(*apiError); isAPI && e.code == 404 {
		return answer{}, refusal(404, "Failed to find image %s to delete", q.id())
	}
	if err != nil {
		return answer{}, err
	}
	if i.protected {
		return answer{}, refusal(403, "Image %s is protected and cannot be deleted.", i.id)
	}
	c.dropImage(i.id)
	return gone()
}

func (c *Cloud) dropImage(id string) {
	delete(c.images, id)
	c.imageIDs = without(c.imageIDs, id)
}
