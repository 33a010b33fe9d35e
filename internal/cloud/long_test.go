package cloud_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"testing"

	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/sim/openstack"
)

// manyServers answers lists of servers in pages as a Nova does that has n of them.
type manyServers struct {
	http.Handler
	n     int
	body  string // of one, with ID for its id
	asked []string
}

func (m *manyServers) ServeHTTP(rw http.ResponseWriter, req *http.Request) {
	if !strings.HasSuffix(req.URL.Path, "/servers/detail") {
		m.Handler.ServeHTTP(rw, req)
		return
	}
	q := req.URL.Query()
	m.asked = append(m.asked, q.Encode())
	limit, _ := strconv.Atoi(q.Get("limit"))
	from, _ := strconv.Atoi(strings.TrimPrefix(q.Get("marker"), "s"))
	var page []string
	for i := from + 1; i <= min(from+limit, m.n); i++ {
		page = append(page, strings.Replace(m.body, "ID", fmt.Sprintf("s%d", i), 1))
	}
	links := ""
	if len(page) == limit {
		links = `, "servers_links": [{"rel": "next", "href": "http://inside/"}]`
	}
	_, _ = fmt.Fprintf(rw, `{"servers": [%s]%s}`, strings.Join(page, ","), links)
}

func longList(t testing.TB, n int) (*manyServers, *cloud.Client) {
	t.Helper()
	w := newWorld(t, openstack.Options{}, cloud.Options{})
	one := map[string]any{}
	if err := json.Unmarshal([]byte(serverBody), &one); err != nil {
		t.Fatal(err)
	}
	one["id"], one["name"] = "ID", "web"
	body, err := json.Marshal(one)
	if err != nil {
		t.Fatal(err)
	}
	m := &manyServers{Handler: w.Cloud, n: n, body: string(body)}
	w.net.Handler = m
	return m, w.as(t, person("admin", "admin"))
}

// TestLongList: ten thousand servers are one list, a thousand in each call, and nothing else is asked.
func TestLongList(t *testing.T) {
	m, c := longList(t, 9_500)
	all, err := c.AllServers(t.Context(), "")
	if err != nil || len(all) != 9_500 || all[0].ID != "s1" || all[9_499].ID != "s9500" || all[7].Flavor != "m1.tiny" {
		t.Fatalf("%d servers, %v", len(all), err)
	}
	if len(m.asked) != 10 || m.asked[0] != "all_tenants=1&limit=1000" || m.asked[9] != "all_tenants=1&limit=1000&marker=s9000" {
		t.Errorf("asked %d times: %v", len(m.asked), m.asked)
	}
}

func BenchmarkAllServers(b *testing.B) {
	_, c := longList(b, 10_000)
	b.ReportAllocs()
	for b.Loop() {
		if all, err := c.AllServers(b.Context(), ""); err != nil || len(all) != 10_000 {
			b.Fatal(len(all), err)
		}
	}
}
