package cloud

import (
	"context"
	"net/http"
	"strings"

	"github.com/stackhand/stackhand"
)

// A Neutron of before 2016 describes security groups only. Whoever made a thing would not find it again after an answer that got lost; so
// what is said of it goes into its name there, in braces, and is taken out again wherever the name is read. Floating IPs have
// neither.

// markWord is what the descriptions begin with that are worth it.
const markWord = "stackhand "

// maxNeutronName is the longest name that Neutron keeps: https://docs.openstack.org/api-ref/network/v2/
const maxNeutronName = 255

// sendAs posts {"<kind>": body} to path. Where Neutron refuses descriptions it goes again without, once for all.
func sendAs[T any](ctx context.Context, c caller, path, kind string, body map[string]any) (T, error) {
	_, described := body["description"]
	described = described && c.service == network && kind != "security_group"
	if described && c.site.plain.Load() {
		fold(body)
		described = false
	}
	out, err := send[T](ctx, c, http.MethodPost, map[string]any{kind: body}, path)
	if a := answerOf(err); described && a != nil && strings.HasPrefix(a.Message, "Unrecognized attribute(s) 'description'") {
		c.site.plain.Store(true)
		return sendAs[T](ctx, c, path, kind, body)
	}
	return out, err
}

// fold puts a new thing's description into its name, if it is a mark and there is room.
func fold(body map[string]any) {
	text, _ := body["description"].(string)
	name, named := body["name"].(string)
	delete(body, "description")
	if whole := name + " {" + text + "}"; named && strings.HasPrefix(text, markWord) && len(whole) <= maxNeutronName {
		body["name"] = whole
	}
}

// unfold takes the description out of a name again.
func unfold(name, description string) (shown, about string) {
	at := strings.LastIndex(name, " {"+markWord)
	if at < 0 || !strings.HasSuffix(name, "}") {
		return name, description
	}
	return name[:at], name[at+len(" {") : len(name)-1]
}

// nameFilter asks Neutron for things of a name, where names are what they seem.
func (c *Client) nameFilter(ctx context.Context, q query, name string) (query, error) {
	if name == "" {
		return q, nil
	}
	f, err := c.Features(ctx)
	if err == nil && f.Tags {
		q["name"] = name
	}
	return q, err
}

func (w wireNetwork) domain() stackhand.Network {
	w.Name, w.Description = unfold(w.Name, w.Description)
	return stackhand.Network(w)
}
