package openstack

import (
	"bytes"
	"context"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

// cli runs the openstack client as one of the cloud's users.
type cli struct {
	*testing.T
	env []string
}

func (c cli) run(args ...string) string {
	c.Helper()
	ctx, cancel := context.WithTimeout(c.Context(), 2*time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, "openstack", args...)
	cmd.Env = c.env
	var out, errs bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &errs
	if err := cmd.Run(); err != nil {
		c.Fatalf("openstack %s: %v\n%s%s", strings.Join(args, " "), err, out.String(), errs.String())
	}
	return strings.TrimSpace(out.String())
}

// made runs a create command and answers the id.
func (c cli) made(args ...string) string {
	c.Helper()
	return c.run(append(args, "-f", "value", "-c", "id")...)
}

// TestCommandLineClient drives the official client through network, server and floating IP, and
// back. The client discovers versions, reads the catalogue and insists on field sets: what it
// takes for a cloud, other clients will.
func TestCommandLineClient(t *testing.T) {
	if _, err := exec.LookPath("openstack"); err != nil {
		if os.Getenv("STACKHAND_REQUIRE_TOOLS") == "1" {
			t.Fatal("the openstack client is required here, but it is not on PATH")
		}
		t.Skip("the openstack client is not on PATH (Debian: python3-openstackclient)")
	}
	cloud := New(Options{Build: 200 * time.Millisecond})
	srv := httptest.NewServer(cloud)
	defer srv.Close()
	c := cli{t, append(os.Environ(), "OS_AUTH_URL="+srv.URL+"/identity", "OS_USERNAME=alice", "OS_PASSWORD=alice-secret",
		"OS_PROJECT_NAME=team-a", "OS_USER_DOMAIN_NAME=Default", "OS_PROJECT_DOMAIN_NAME=Default", "OS_IDENTITY_API_VERSION=3",
		"OS_REGION_NAME="+Region, "OS_CLOUD=", "OS_CLIENT_CONFIG_FILE="+os.DevNull)}

	if id := c.run("token", "issue", "-f", "value", "-c", "project_id"); len(id) != 32 {
		t.Errorf("token issue: project %q", id)
	}
	for cmd, want := range map[string]string{"catalog list": "nova", "flavor list": "m1.small", "image list": "Ubuntu 22.04"} {
		if out := c.run(strings.Fields(cmd)...); !strings.Contains(out, want) {
			t.Errorf("%s does not show %s:\n%s", cmd, want, out)
		}
	}
	key := filepath.Join(t.TempDir(), "key.pub")
	if err := os.WriteFile(key, []byte(publicKey+"\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	c.made("network", "create", "net")
	c.made("subnet", "create", "--network", "net", "--subnet-range", "10.1.0.0/24", "sub")
	c.made("router", "create", "r")
	c.run("router", "set", "--external-gateway", "public", "r")
	c.run("router", "add", "subnet", "r", "sub")
	rule := c.made("security", "group", "rule", "create", "--proto", "tcp", "--dst-port", "22", "default")
	c.run("keypair", "create", "--public-key", key, "k")
	c.made("server", "create", "--wait", "--image", "Ubuntu 22.04", "--flavor", "m1.small", "--network", "net", "--key-name", "k", "web-1")
	address := c.run("floating", "ip", "create", "public", "-f", "value", "-c", "floating_ip_address")
	c.run("server", "add", "floating", "ip", "web-1", address)
	if out := c.run("server", "list"); !strings.Contains(out, address) || !strings.Contains(out, "ACTIVE") {
		t.Errorf("server list shows no ACTIVE server with %s:\n%s", address, out)
	}
	if !cloud.Reachable(address, 22) {
		t.Error("the server cannot be reached")
	}

	c.run("server", "delete", "--wait", "web-1")
	c.run("floating", "ip", "delete", address)
	c.run("keypair", "delete", "k")
	c.run("security", "group", "rule", "delete", rule)
	c.run("router", "remove", "subnet", "r", "sub")
	c.run("router", "delete", "r")
	c.run("network", "delete", "net")
	for _, kind := range Kinds {
		if n := cloud.Count(kind, "team-a"); n != 0 {
			t.Errorf("%d %s left", n, kind)
		}
	}
}

const publicKey = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIJz1d1rS0jY0x6Zq0f0u5r3c5V0o1b2c3d4e5f6g7h8i alice@example.test"
