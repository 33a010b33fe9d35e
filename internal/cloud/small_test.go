package cloud

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func TestDomain(t *testing.T) {
	for _, c := range []struct{ login, loginID, entry, id, byName, byID string }{
		{"mine", "", "theirs", "d0", "mine", ""},
		{"", "d1", "theirs", "d0", "", "d1"},
		{"", "", "theirs", "d0", "", "d0"},
		{"", "", "theirs", "", "theirs", ""},
		{"", "", "", "", "", "default"},
	} {
		if name, id := domain(c.login, c.loginID, c.entry, c.id); name != c.byName || id != c.byID {
			t.Errorf("%+v gives name %q, id %q", c, name, id)
		}
	}
}

func TestImageID(t *testing.T) {
	for raw, want := range map[string]string{`{"id": "i1", "links": [{"rel": "bookmark"}]}`: "i1", `""`: "", `null`: "", ``: ""} {
		if got, err := imageID([]byte(raw)); err != nil || got != want {
			t.Errorf("image %s: %q, %v; want %q", raw, got, err, want)
		}
	}
}

func TestWireServer(t *testing.T) {
	var w wireServer
	err := unmarshal([]byte(`{"id": "s1", "name": "web-1", "status": "ERROR", "OS-EXT-STS:task_state": null, "image": "",
		"flavor": {"id": "2", "links": []}, "created": "2026-11-21T05:34:20Z", "updated": "rubbish",
		"OS-SRV-USG:launched_at": "2026-11-21T05:34:21.500000", "key_name": null, "metadata": {"a": "b"},
		"fault": {"code": 500, "message": "No valid host\nwas found."},
		"security_groups": [{"name": "ssh"}, {"name": "default"}, {"name": "ssh"}],
		"addresses": {"b": [{"version": 6, "addr": "fd00::1", "OS-EXT-IPS:type": "fixed", "OS-EXT-IPS-MAC:mac_addr": "fa:16"}],
		"a": [{"version": 4, "addr": "10.0.0.5", "OS-EXT-IPS:type": "fixed"}, {"version": 4, "addr": "203.0.113.7", "OS-EXT-IPS:type": "floating"}]}}`), &w)
	if err != nil {
		t.Fatal(err)
	}
	want := stackhand.Server{
		ID: "s1", Name: "web-1", Status: "ERROR", Fault: "No host of the cloud has room for a server of this flavor.",
		FaultNext: "Choose a smaller flavor, or try again later; if it happens again, ask the cloud's administrator.", FaultSaid: "No valid host was found.", FlavorID: "2", Flavor: "small",
		Groups: []string{"ssh", "default"}, Metadata: map[string]string{"a": "b"},
		Created:    time.Date(2026, 11, 21, 5, 34, 20, 0, time.UTC),
		LaunchedAt: time.Date(2026, 11, 21, 5, 34, 21, 5e8, time.UTC),
		Addresses: []stackhand.Address{
			{Network: "a", IP: "10.0.0.5", Version: 4}, {Network: "a", IP: "203.0.113.7", Version: 4, Floating: true},
			{Network: "b", IP: "fd00::1", Version: 6, MAC: "fa:16"},
		},
	}
	if d := cmp.Diff(want, w.server(map[string]string{"2": "small"})); d != "" {
		t.Error(d)
	}
}

func TestWireImage(t *testing.T) {
	var w wireImage
	err := unmarshal([]byte(`{"id": "i1", "name": null, "status": "active", "size": null, "min_disk": 10, "min_ram": 512, "visibility": "public",
		"owner": "o", "created_at": "2026-11-21T05:06:07Z", "tags": ["x"], "protected": true, "updated_at": "2026-11-22T05:06:07Z", "disk_format": "qcow2",
		"os_distro": "ubuntu", "os_hash_value": "99f1", "hw_qemu_guest_agent": "yes", "empty": ""}`), &w)
	if err != nil {
		t.Fatal(err)
	}
	want := stackhand.Image{
		ID: "i1", Status: "active", MinDisk: 10, MinRAM: 512, Visibility: "public", Owner: "o", Format: "qcow2", Protected: true,
		Updated: time.Date(2026, 11, 22, 5, 6, 7, 0, time.UTC),
		Created: time.Date(2026, 11, 21, 5, 6, 7, 0, time.UTC), Properties: map[string]string{"os_distro": "ubuntu", "hw_qemu_guest_agent": "yes"},
	}
	if d := cmp.Diff(want, stackhand.Image(w)); d != "" {
		t.Error(d)
	}
}

func TestRetryAfter(t *testing.T) {
	now := time.Date(2026, 11, 21, 5, 0, 0, 0, time.UTC)
	for in, want := range map[string]time.Duration{
		"": 0, "7": 7 * time.Second, "-1": 0, "soon": 0, "999999999": time.Hour,
		"Sat, 21 Nov 2026 05:00:30 GMT": 30 * time.Second, "Sat, 21 Nov 2026 04:00:00 GMT": 0,
	} {
		if got := retryAfter(in, now); got != want {
			t.Errorf("Retry-After %q is %v, want %v", in, got, want)
		}
	}
}
