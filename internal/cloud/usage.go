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

// wireTenant is what one project has used.
type wireTenant struct {
	Project string      `json:"tenant_id"`
	Servers []wireUsage `json:"server_usages"`
}

// Usage tells the project's servers that were there between two moments, those that are gone included.
func (c *Client) Usage(ctx context.Context, from, to time.Time) ([]stackhand.ServerUsage, error) {
	return c.usage(ctx, []string{"os-simple-tenant-usage", c.Identity().ProjectID}, url.Values{}, from, to)
}

// AllUsage is Usage of every project, or of one that need not be the session's: administrators of the cloud only.
func (c *Client) AllUsage(ctx context.Context, projectID string, from, to time.Time) ([]stackhand.ServerUsage, error) {
	if projectID != "" {
		return c.usage(ctx, []string{"os-simple-tenant-usage", projectID}, url.Values{}, from, to)
	}
	return c.usage(ctx, []string{"os-simple-tenant-usage"}, url.Values{"detailed": {"1"}}, from, to)
}

// usage reads all pages; a project is a part of each list of several:
// https://docs.openstack.org/api-ref/compute/#usage-reports-os-simple-tenant-usage
func (c *Client) usage(ctx context.Context, at []string, q url.Values, from, to time.Time) ([]stackhand.ServerUsage, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	const layout = "2006-01-02T15:04:05"
	q.Set("start", from.UTC().Format(layout))
	q.Set("end", to.UTC().Format(layout))
	paged := n.atLeast(40)
	if paged {
		q.Set("limit", strconv.Itoa(c.site.opts.PageSize))
	}
	u, err := n.url(at...)
	if err != nil {
		return nil, err
	}
	var out []stackhand.ServerUsage
	for {
		var doc struct {
			One      wireTenant   `json:"tenant_usage"`
			All      []wireTenant `json:"tenant_usages"`
			OneLinks []any        `json:"tenant_usage_links"`
			AllLinks []any        `json:"tenant_usages_links"`
		}
		if err := n.read(ctx, u+"?"+q.Encode(), &doc); err != nil {
			return nil, err
		}
		before := len(out)
		for _, t := range append(doc.All, doc.One) {
			for _, w := range t.Servers {
				used := w.usage()
				used.ProjectID = t.Project
				out = append(out, used)
			}
		}
		last := len(out) - 1
		if !paged || len(doc.OneLinks)+len(doc.AllLinks) == 0 || len(out) == before || q.Get("marker") == out[last].ServerID {
			return out, nil
		}
		q.Set("marker", out[last].ServerID)
	}
}
