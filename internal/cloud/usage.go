package cloud

import (
	"context"
	"net/url"
	"strconv"
	"time"

	"github.com/stackhand/stackhand"
)

type wireUsage struct {
	ServerID string   `json:"instance_id"`
	Name     string   `json:"name"`
	Flavor   string   `json:"flavor"`
	VCPUs    int      `json:"vcpus"`
	RAM      int      `json:"memory_mb"`
	Disk     int      `json:"local_gb"`
	State    string   `json:"state"`
	Started  wireTime `json:"started_at"`
	Ended    wireTime `json:"ended_at"`
	Hours    float64  `json:"hours"`
}

func (w wireUsage) usage() stackhand.ServerUsage {
	return stackhand.ServerUsage{
		ServerID: w.ServerID, Name: w.Name, Flavor: w.Flavor, VCPUs: w.VCPUs, RAM: w.RAM, Disk: w.Disk,
		State: w.State, Started: w.Started.Time, Ended: w.Ended.Time, Hours: w.Hours,
	}
}

// Usage tells the project's servers that were there between two moments, those that are gone included.
func (c *Client) Usage(ctx context.Context, from, to time.Time) ([]stackhand.ServerUsage, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	const layout = "2006-01-02T15:04:05"
	q := url.Values{"start": {from.UTC().Format(layout)}, "end": {to.UTC().Format(layout)}}
	paged := n.atLeast(40)
	if paged {
		q.Set("limit", strconv.Itoa(c.site.opts.PageSize))
	}
	u, err := n.url("os-simple-tenant-usage", c.Identity().ProjectID)
	if err != nil {
		return nil, err
	}
	var out []stackhand.ServerUsage
	for {
		var doc struct {
			Usage struct {
				Servers []wireUsage `json:"server_usages"`
			} `json:"tenant_usage"`
			Links []struct {
				Rel string `json:"rel"`
			} `json:"tenant_usage_links"`
		}
		if err := n.read(ctx, u+"?"+q.Encode(), &doc); err != nil {
			return nil, err
		}
		for _, w := range doc.Usage.Servers {
			out = append(out, w.usage())
		}
		last := len(out) - 1
		if !paged || len(doc.Links) == 0 || len(doc.Usage.Servers) == 0 || q.Get("marker") == out[last].ServerID {
			return out, nil
		}
		q.Set("marker", out[last].ServerID)
	}
}
