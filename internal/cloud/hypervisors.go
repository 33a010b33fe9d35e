package cloud

import (
	"cmp"
	"context"
	"encoding/json"
	"strings"

	"github.com/stackhand/stackhand"
)

// wireHypervisor lacks what it is made of from microversion 2.88 on.
type wireHypervisor struct {
	ID      json.RawMessage `json:"id"` // a number before microversion 2.53, a string from there on
	Name    string          `json:"hypervisor_hostname"`
	State   string          `json:"state"`
	Status  string          `json:"status"`
	Type    string          `json:"hypervisor_type"`
	Host    string          `json:"host_ip"`
	VCPUs   *int            `json:"vcpus"`
	CPUUsed *int            `json:"vcpus_used"`
	RAM     *int            `json:"memory_mb"`
	RAMUsed *int            `json:"memory_mb_used"`
	Disk    *int            `json:"local_gb"`
	DiskUse *int            `json:"local_gb_used"`
	Servers *int            `json:"running_vms"`
}

func (w wireHypervisor) id() string { return strings.Trim(string(w.ID), `"`) }

func (w wireHypervisor) hypervisor() stackhand.Hypervisor {
	unknown := -1
	limit := func(used, most *int) stackhand.Limit {
		return stackhand.Limit{Used: *cmp.Or(used, &unknown), Max: *cmp.Or(most, &unknown)}
	}
	return stackhand.Hypervisor{
		ID: w.id(), Name: w.Name, State: w.State, Status: w.Status, Type: w.Type, Host: w.Host,
		VCPUs: limit(w.CPUUsed, w.VCPUs), RAM: limit(w.RAMUsed, w.RAM), Disk: limit(w.DiskUse, w.Disk),
		Servers: *cmp.Or(w.Servers, &unknown),
	}
}

// Hypervisors lists the compute hosts: for administrators of the cloud.
func (c *Client) Hypervisors(ctx context.Context) ([]stackhand.Hypervisor, error) {
	n, err := c.on(ctx, compute)
	if err != nil {
		return nil, err
	}
	if n.atLeast(33) {
		return listOn(ctx, c, compute, "os-hypervisors/detail", "hypervisors", nil, wireHypervisor.id, wireHypervisor.hypervisor)
	}
	doc, err := get[map[string][]wireHypervisor](ctx, n, "os-hypervisors", "detail")   // all at once, and limits are refused
	if k := stackhand.KindOf(err); k == stackhand.NotFound || k == stackhand.Invalid { // they came in 2012
		return nil, stackhand.Errorf(stackhand.NotFound, "The cloud does not tell its hypervisors.").Because(err)
	}
	var out []stackhand.Hypervisor
	for _, w := range doc["hypervisors"] {
		out = append(out, w.hypervisor())
	}
	return out, err
}
