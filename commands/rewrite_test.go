package commands

import (
	"strings"
	"testing"

	"pgregory.net/rapid"
)

// TestRewrites checks that every rewrite leads to a command that there is, and uses no word that it has not got.
func TestRewrites(t *testing.T) {
	all := map[string][]rewrite{"everyday": phrases}
	for tool, lines := range clientLines {
		all[tool] = lines
	}
	for tool, lines := range all {
		for _, r := range lines {
			if len(r.from) == 0 || len(r.to) == 0 || find(r.command()) == nil {
				t.Errorf("%s: %q leads to %q", tool, r.from, r.to)
			}
			for _, w := range r.to {
				for _, v := range strings.SplitAfter(w, "$")[1:] {
					name := "$" + strings.TrimRight(v[:1], "$:-")
					if !strings.Contains(strings.Join(r.from, " ")+" ", name) {
						t.Errorf("%s: %q has no %s", tool, r.from, name)
					}
				}
			}
		}
	}
	for tool := range clientLines {
		if clients[tool] != tool {
			t.Errorf("no client is called %s", tool)
		}
	}
}

// TestClientsNeverDelete checks that no line of a client that is not about deleting servers is read as that.
func TestClientsNeverDelete(t *testing.T) {
	word := rapid.SampledFrom([]string{"server", "remove", "delete", "fixed", "ip", "network", "port", "web-1", "data", "subnet", "add", "router", "unset", "volume", "all", "the"})
	tool := rapid.SampledFrom([]string{"openstack", "neutron", "glance", "cinder", "keystone"})
	rapid.Check(t, func(rt *rapid.T) {
		line := tool.Draw(rt, "tool") + " " + strings.Join(rapid.SliceOfN(word, 1, 5).Draw(rt, "words"), " ")
		got := understood(t, line)
		if strings.HasPrefix(got, "delete") && !strings.HasPrefix(line, "openstack server delete") && !strings.HasPrefix(line, "openstack delete") {
			rt.Fatalf("%s is read as %s", line, got)
		}
	})
}
