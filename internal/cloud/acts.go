package cloud

import (
	"context"
	"maps"
	"net/http"
	"net/url"
	"path"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// plainActs are Nova's names of the actions that need nothing but their name, and what Nova wants as their value:
// https://docs.openstack.org/api-ref/compute/#servers-run-an-action-servers-action
var plainActs = map[string]string{
	stackhand.ActStart: "os-start", stackhand.ActStop: "os-stop",
	stackhand.ActPause: "pause", stackhand.ActUnpause: "unpause",
	stackhand.ActSuspend: "suspend", stackhand.ActResume: "resume",
	stackhand.ActLock: "lock", stackhand.ActUnlock: "unlock",
	stackhand.ActShelve: "shelve", stackhand.ActUnshelve: "unshelve",
	stackhand.ActConfirm: "confirmResize", stackhand.ActRevert: "revertResize",
}

// ActOnServer begins what needs no more than its name: start, stop … resize --confirm. A state that does not allow
// it is a Conflict.
func (c *Client) ActOnServer(ctx context.Context, id, verb string) error {
	name, ok := plainActs[verb]
	if !ok {
		return stackhand.Errorf(stackhand.Invalid, "A server cannot %s.", verb)
	}
	return c.act(ctx, id, name, nil)
}

// act posts one action.
func (c *Client) act(ctx context.Context, id, name string, value any) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	return n.act(ctx, id, name, value, nil)
}

// act posts one action, and reads its answer into out unless that is nil.
func (c caller) act(ctx context.Context, id, name string, value, out any) error {
	u, err := c.url("servers", id, "action")
	if err != nil {
		return err
	}
	return tooOld(c.once(ctx, http.MethodPost, u, map[string]any{name: value}, out))
}

// ResizeServer begins to give a server another flavor. It ends in VERIFY_RESIZE, or on clouds that confirm by
// themselves in the state that it was in.
func (c *Client) ResizeServer(ctx context.Context, id, flavorID string) error {
	return c.act(ctx, id, "resize", map[string]string{"flavorRef": flavorID})
}

// RebuildServer begins to write an image onto a server's disk anew; addresses, volumes and key stay.
func (c *Client) RebuildServer(ctx context.Context, id string, spec stackhand.RebuildSpec) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	body := struct {
		Image    string             `json:"imageRef"`
		Name     string             `json:"name,omitempty"`
		Password string             `json:"adminPass,omitempty"`
		Metadata *map[string]string `json:"metadata,omitempty"`
		UserData []byte             `json:"user_data,omitempty"`
		Files    []wireFile         `json:"personality,omitempty"`
	}{spec.ImageID, spec.Name, spec.Password, nil, spec.UserData, wireFiles(spec.Files)}
	if spec.Metadata != nil {
		body.Metadata = &spec.Metadata
	}
	switch modern := n.atLeast(57); {
	case !modern && spec.UserData != nil:
		return stackhand.Errorf(stackhand.Invalid, "This cloud is too old to change a server's user data at a rebuild.").
			Do("Rebuild without user data, or give files.")
	case modern && spec.Files != nil:
		return noFiles()
	}
	n.secrets = append(append(n.secrets, spec.Password), handed(spec.UserData, spec.Files)...)
	var made struct {
		Server struct {
			Password string `json:"adminPass"`
		} `json:"server"`
	}
	err = n.act(ctx, id, "rebuild", body, &made)
	if err == nil && spec.TellPassword != nil && spec.Password == "" && made.Server.Password != "" {
		spec.TellPassword(made.Server.Password)
	}
	return err
}

// handed are what is put into a server, as secrets that no message may repeat.
func handed(userData []byte, files map[string][]byte) []string {
	secrets := linesOf(userData)
	for _, content := range files {
		secrets = append(secrets, linesOf(content)...)
	}
	return secrets
}

// wireFile is a file for Nova to put into a server; encoding/json makes the base64 that Nova wants.
type wireFile struct {
	Path     string `json:"path"`
	Contents []byte `json:"contents"`
}

func wireFiles(files map[string][]byte) []wireFile {
	var out []wireFile
	for _, p := range slices.Sorted(maps.Keys(files)) {
		out = append(out, wireFile{p, files[p]})
	}
	return out
}

// SnapshotServer begins to make an image of a server. The image's id is "" where the cloud does not tell it.
func (c *Client) SnapshotServer(ctx context.Context, id, name string, metadata map[string]string) (string, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return "", err
	}
	defer c.forget(shelfImages)
	body := struct {
		Name     string            `json:"name"`
		Metadata map[string]string `json:"metadata,omitempty"`
	}{name, metadata}
	if n.atLeast(45) {
		var made struct {
			Image string `json:"image_id"`
		}
		err := n.act(ctx, id, "createImage", body, &made)
		return made.Image, err
	}
	var at located
	err = n.act(ctx, id, "createImage", body, &at)
	return at.id(), err
}

// located is an answer that says in its header where the new thing is.
type located struct{ location string }

// id is the last part of the location, "" without one.
func (l located) id() string {
	u, err := url.Parse(l.location)
	if err != nil || l.location == "" {
		return ""
	}
	return path.Base(u.Path)
}

// SetServerPassword has the password of a server's administrator changed, by an agent in the server.
func (c *Client) SetServerPassword(ctx context.Context, id, password string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	n.secrets = append(n.secrets, password)
	return n.act(ctx, id, "changePassword", map[string]string{"adminPass": password}, nil)
}

// UpdateServer changes a server's name and the addresses that it is said to be reached at.
func (c *Client) UpdateServer(ctx context.Context, id string, change stackhand.ServerChange) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	body := map[string]string{}
	for key, v := range map[string]*string{"name": change.Name, "accessIPv4": change.AccessIPv4, "accessIPv6": change.AccessIPv6} {
		if v != nil {
			body[key] = *v
		}
	}
	if len(body) == 0 {
		return nil
	}
	err = do(ctx, n, http.MethodPut, map[string]any{"server": body}, "servers", id)
	if e, ok := err.(*stackhand.Error); ok && e.Kind == stackhand.Invalid && strings.Contains(stackhand.Said(err), "'' is not a 'ip") {
		return stackhand.Errorf(stackhand.Invalid, "This cloud does not take a server's access address away, it only changes it.").
			Do("Give another address.").Because(e.Err)
	}
	return err
}

// ChangeServerMetadata sets and removes properties; to remove one that is not there is no error.
func (c *Client) ChangeServerMetadata(ctx context.Context, id string, set map[string]string, unset []string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	if len(set) > 0 {
		if err := do(ctx, n, http.MethodPost, map[string]any{"metadata": set}, "servers", id, "metadata"); err != nil {
			return err
		}
	}
	for _, key := range unset {
		err := remove(ctx, n, "servers", id, "metadata", key)
		if stackhand.KindOf(err) == stackhand.NotFound { // the key or the server?
			_, err = get[any](ctx, n, "servers", id, "metadata")
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// AddServerGroup puts a server's ports into a security group, given by name, or by id where Neutron is; Conflict if they
// are in it already.
func (c *Client) AddServerGroup(ctx context.Context, id, group string) error {
	err := c.act(ctx, id, "addSecurityGroup", map[string]string{"name": group})
	if e, ok := err.(*stackhand.Error); ok && strings.Contains(stackhand.Said(err), "Duplicate items in the list") {
		return stackhand.Errorf(stackhand.Conflict, "The server is in that security group already.").Because(e.Err)
	}
	return err
}

// RemoveServerGroup takes a server's ports out of a security group; NotFound if they are not in it.
func (c *Client) RemoveServerGroup(ctx context.Context, id, group string) error {
	return c.act(ctx, id, "removeSecurityGroup", map[string]string{"name": group})
}

// AttachPort gives a server another port. It answers when that is done; a port that somebody uses is a Conflict.
func (c *Client) AttachPort(ctx context.Context, serverID, portID string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	body := map[string]any{"interfaceAttachment": map[string]string{"port_id": portID}}
	return do(ctx, n, http.MethodPost, body, "servers", serverID, "os-interface")
}

// DetachPort begins to take a port off a server. The port itself stays unless Nova made it. Nova may say yes also to a
// port that is not there.
func (c *Client) DetachPort(ctx context.Context, serverID, portID string) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	return remove(ctx, n, "servers", serverID, "os-interface", portID)
}

// AddFloatingIP gives a server a floating IP by Nova's own action, which clouds without Neutron have. fixedIP says
// which of its addresses is served; "" is any.
func (c *Client) AddFloatingIP(ctx context.Context, serverID, ip, fixedIP string) error {
	body := map[string]string{"address": ip}
	if fixedIP != "" {
		body["fixed_address"] = fixedIP
	}
	return c.floatingAct(ctx, serverID, "addFloatingIp", body)
}

// RemoveFloatingIP takes a floating IP off a server by Nova's own action.
func (c *Client) RemoveFloatingIP(ctx context.Context, serverID, ip string) error {
	return c.floatingAct(ctx, serverID, "removeFloatingIp", map[string]string{"address": ip})
}

func (c *Client) floatingAct(ctx context.Context, serverID, name string, body any) error {
	n, err := c.on(ctx, compute)
	if err != nil {
		return err
	}
	n.sc.Microversion = "" // gone from 2.44 on
	return n.act(ctx, serverID, name, body, nil)
}
