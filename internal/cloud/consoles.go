package cloud

import (
	"context"
	"net/http"

	"github.com/stackhand/stackhand"
)

// consoleOf tells, for a type of console, its protocol and the action that opened it before microversion 2.6:
// https://docs.openstack.org/api-ref/compute/#server-consoles
var consoleOf = map[string]struct{ protocol, action string }{
	"novnc":       {"vnc", "os-getVNCConsole"},
	"xvpvnc":      {"vnc", "os-getVNCConsole"},
	"serial":      {"serial", "os-getSerialConsole"},
	"spice-html5": {"spice", "os-getSPICEConsole"},
	"rdp-html5":   {"rdp", "os-getRDPConsole"},
}

// ConsoleURL asks for an address that opens a server's console, kind being novnc, serial, spice-html5 or rdp-html5. It
// has a secret in it, which ends after some minutes. A server that does not run is a Conflict, and a console that the
// cloud does not offer is Invalid.
func (c *Client) ConsoleURL(ctx context.Context, id, kind string) (string, error) {
	how, ok := consoleOf[kind]
	if !ok {
		return "", stackhand.Errorf(stackhand.Invalid, "There is no console of the type %q.", kind).
			Do("Ask for novnc, serial, spice-html5 or rdp-html5.")
	}
	n, err := c.on(ctx, compute)
	if err != nil {
		return "", err
	}
	type answer struct {
		URL string `json:"url"`
	}
	return retryRead(ctx, c.site.opts, func() (string, error) { // a POST, but it changes nothing
		if !n.atLeast(6) {
			var out map[string]answer
			err := n.act(ctx, id, how.action, map[string]string{"type": kind}, &out)
			return out["console"].URL, err
		}
		body := map[string]any{"remote_console": map[string]string{"protocol": how.protocol, "type": kind}}
		out, err := send[map[string]answer](ctx, n, http.MethodPost, body, "servers", id, "remote-consoles")
		return out["remote_console"].URL, err
	})
}
