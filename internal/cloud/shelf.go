package cloud

import (
	"context"
	"encoding/json"
	"net/http"
	"time"

	"github.com/stackhand/stackhand"
)

func unmarshal(b []byte, v any) error { return json.Unmarshal(b, v) }

// Flavors lists the flavors that the project may use.
func (c *Client) Flavors(ctx context.Context) ([]stackhand.Flavor, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	type wire struct {
		ID    string `json:"id"`
		Name  string `json:"name"`
		VCPUs int    `json:"vcpus"`
		RAM   int    `json:"ram"`
		Disk  int    `json:"disk"`
	}
	all, err := list(ctx, n, "flavors/detail", "flavors", nil, func(f wire) string { return f.ID })
	if err != nil {
		return nil, err
	}
	out := make([]stackhand.Flavor, 0, len(all))
	for _, f := range all {
		out = append(out, stackhand.Flavor(f))
	}
	return out, nil
}

// flavorNames are the names by id, read anew every five minutes at most. Only Novas older
// than microversion 2.47 need it.
func (c *Client) flavorNames(ctx context.Context) (map[string]string, error) {
	c.mu.Lock()
	known := c.flavors
	c.mu.Unlock()
	now := c.site.opts.Now()
	if now.After(known.until) {
		list, err := c.Flavors(ctx)
		if err != nil {
			return nil, err
		}
		known = memo[[]stackhand.Flavor]{list, now.Add(5 * time.Minute)}
		c.mu.Lock()
		c.flavors = known
		c.mu.Unlock()
	}
	names := make(map[string]string, len(known.value))
	for _, f := range known.value {
		names[f.ID] = f.Name
	}
	return names, nil
}

// Images lists the images that the project sees, newest first.
func (c *Client) Images(ctx context.Context) ([]stackhand.Image, error) {
	if c.classic(ctx, image) {
		return c.oldImages(ctx)
	}
	g, err := c.on(ctx, image)
	if err != nil {
		return nil, err
	}
	all, err := list(ctx, g, "images", "images", nil, func(i wireImage) string { return i.ID })
	if err != nil {
		return nil, err
	}
	out := make([]stackhand.Image, 0, len(all))
	for _, i := range all {
		out = append(out, stackhand.Image(i))
	}
	return out, nil
}

// wireImage reads an image of Glance v2, where properties stand beside the fixed fields:
// https://docs.openstack.org/api-ref/image/v2/
type wireImage stackhand.Image

func (i *wireImage) UnmarshalJSON(b []byte) error {
	var w struct {
		ID         string    `json:"id"`
		Name       string    `json:"name"`
		Status     string    `json:"status"`
		Size       int64     `json:"size"`
		MinDisk    int       `json:"min_disk"`
		MinRAM     int       `json:"min_ram"`
		Visibility string    `json:"visibility"`
		Owner      string    `json:"owner"`
		Format     string    `json:"disk_format"`
		Protected  bool      `json:"protected"`
		Created    time.Time `json:"created_at"`
		Updated    time.Time `json:"updated_at"`
	}
	var rest map[string]json.RawMessage
	if err := json.Unmarshal(b, &w); err != nil {
		return err
	}
	if err := json.Unmarshal(b, &rest); err != nil {
		return err
	}
	*i = wireImage{
		ID: w.ID, Name: w.Name, Status: w.Status, Size: w.Size, MinDisk: w.MinDisk, MinRAM: w.MinRAM,
		Visibility: w.Visibility, Owner: w.Owner, Format: w.Format, Protected: w.Protected,
		Created: w.Created, Updated: w.Updated, Properties: map[string]string{},
	}
	for k, raw := range rest {
		var s string
		if !fixedImageField[k] && json.Unmarshal(raw, &s) == nil && s != "" {
			i.Properties[k] = s
		}
	}
	return nil
}

// fixedImageField are the fields of an image that are not properties. os_hidden and the
// hashes look like properties, but the services set them.
var fixedImageField = map[string]bool{
	"id": true, "name": true, "status": true, "visibility": true, "owner": true, "created_at": true,
	"updated_at": true, "self": true, "file": true, "schema": true, "checksum": true, "disk_format": true,
	"container_format": true, "os_hash_algo": true, "os_hash_value": true, "direct_url": true, "stores": true,
}

// KeyPairs lists the key pairs of the credential's user.
func (c *Client) KeyPairs(ctx context.Context) ([]stackhand.KeyPair, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	type wire struct {
		KeyPair wireKeyPair `json:"keypair"`
	}
	all, err := list(ctx, n, "os-keypairs", "keypairs", nil, func(k wire) string { return k.KeyPair.Name })
	if err != nil {
		return nil, err
	}
	out := make([]stackhand.KeyPair, 0, len(all))
	for _, k := range all {
		out = append(out, stackhand.KeyPair(k.KeyPair))
	}
	return out, nil
}

type wireKeyPair struct {
	Name        string `json:"name"`
	Fingerprint string `json:"fingerprint"`
	PublicKey   string `json:"public_key"`
	Type        string `json:"type"`
}

// CreateKeyPair stores a public key. It never lets Nova make one: a private key would travel.
func (c *Client) CreateKeyPair(ctx context.Context, name, publicKey string) (stackhand.KeyPair, error) {
	if name == "" || publicKey == "" {
		return stackhand.KeyPair{}, stackhand.Errorf(stackhand.Invalid, "A key pair needs a name and a public key.")
	}
	n, err := c.on(ctx, compute)
	if err != nil {
		return stackhand.KeyPair{}, err
	}
	body := map[string]any{"keypair": map[string]string{"name": name, "public_key": publicKey}}
	made, err := send[struct {
		KeyPair wireKeyPair `json:"keypair"`
	}](ctx, n, http.MethodPost, body, "os-keypairs")
	return stackhand.KeyPair(made.KeyPair), err
}

// DeleteKeyPair removes a key pair; servers that were built with it keep the key.
func (c *Client) DeleteKeyPair(ctx context.Context, name string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	return remove(ctx, n, "os-keypairs", name)
}

// Zones lists the availability zones that take servers.
func (c *Client) Zones(ctx context.Context) ([]string, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	doc, err := get[struct {
		Zones []struct {
			Name  string `json:"zoneName"`
			State struct {
				Available bool `json:"available"`
			} `json:"zoneState"`
		} `json:"availabilityZoneInfo"`
	}](ctx, n, "os-availability-zone")
	if absent(err) {
		return nil, nil // a Nova of before 2013
	}
	var out []string
	for _, z := range doc.Zones {
		if z.State.Available {
			out = append(out, z.Name)
		}
	}
	return out, err
}
