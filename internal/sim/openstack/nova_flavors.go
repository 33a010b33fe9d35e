package openstack

import (
	"cmp"
	"slices"
	"strconv"
)

// flavor is a size of server: RAM in MiB, disk in GiB.
type flavor struct {
	id, name         string
	vcpus, ram, disk int
}

func (c *Cloud) flavor(id string) *flavor {
	for _, f := range c.compute.flavors {
		if f.id == id {
			return f
		}
	}
	return nil
}

func (f *flavor) view(q *call) object {
	v := object{
		"id": f.id, "name": f.name, "vcpus": f.vcpus, "ram": f.ram, "disk": f.disk, "swap": "", "rxtx_factor": 1.0,
		"OS-FLV-EXT-DATA:ephemeral": 0, "OS-FLV-DISABLED:disabled": false, "os-flavor-access:is_public": true,
		"links": q.links("flavors", f.id),
	}
	if q.minor >= 75 {
		v["swap"] = 0
	}
	if q.minor >= 55 {
		v["description"] = nil
	}
	if q.minor >= 61 {
		v["extra_specs"] = object{}
	}
	return v
}

// ofServer is the flavor within a server: embedded from 2.47 on, a reference before.
func (f *flavor) ofServer(q *call) any {
	if q.minor < 47 {
		return reference{f.id, q.links("flavors", f.id)[1:]}
	}
	return embedded{f.vcpus, f.ram, f.disk, 0, 0, f.name, struct{}{}}
}

type embedded struct {
	VCPUs      int      `json:"vcpus"`
	RAM        int      `json:"ram"`
	Disk       int      `json:"disk"`
	Ephemeral  int      `json:"ephemeral"`
	Swap       int      `json:"swap"`
	Name       string   `json:"original_name"`
	ExtraSpecs struct{} `json:"extra_specs"`
}

// listFlavors is GET /flavors and /flavors/detail.
func (c *Cloud) listFlavors(detail bool) handler {
	return func(q *call) (answer, error) {
		limit, marker, err := q.limited()
		if err != nil {
			return answer{}, err
		}
		list, err := c.flavorsBy(q)
		if err != nil {
			return answer{}, err
		}
		if marker != "" {
			at := slices.IndexFunc(list, func(f *flavor) bool { return f.id == marker })
			if at < 0 {
				return answer{}, refusal(400, "marker [%s] not found", marker)
			}
			list = list[at+1:]
		}
		body, out := object{}, []object{}
		for i, f := range list {
			if i == limit {
				break
			}
			if detail {
				out = append(out, f.view(q))
			} else {
				v := object{"id": f.id, "name": f.name, "links": q.links("flavors", f.id)}
				if q.minor >= 55 {
					v["description"] = nil
				}
				out = append(out, v)
			}
		}
		if n := len(out); n == limit && n > 0 {
			body["flavors_links"] = q.nextLink(list[n-1].id)
		}
		body["flavors"] = out
		return ok(body)
	}
}

// flavorsBy filters and sorts as the query says; by id as text otherwise.
func (c *Cloud) flavorsBy(q *call) ([]*flavor, error) {
	query := q.URL.Query()
	least := map[string]int{}
	for _, key := range []string{"minRam", "minDisk"} {
		if s := query.Get(key); s != "" {
			n, err := strconv.Atoi(s)
			if err != nil {
				return nil, refusal(400, "Invalid %s filter [%s]", key, s)
			}
			least[key] = n
		}
	}
	var list []*flavor
	for _, f := range c.compute.flavors {
		if f.ram >= least["minRam"] && f.disk >= least["minDisk"] {
			list = append(list, f)
		}
	}
	by := map[string]func(a, b *flavor) int{
		"flavorid": func(a, b *flavor) int { return cmp.Compare(a.id, b.id) }, "name": func(a, b *flavor) int { return cmp.Compare(a.name, b.name) },
		"memory_mb": func(a, b *flavor) int { return a.ram - b.ram }, "vcpus": func(a, b *flavor) int { return a.vcpus - b.vcpus },
		"root_gb": func(a, b *flavor) int { return a.disk - b.disk }, "id": func(a, b *flavor) int { return cmp.Compare(a.id, b.id) },
	}
	slices.SortStableFunc(list, by["id"])
	if key := query.Get("sort_key"); key != "" {
		less := by[key]
		if less == nil {
			return nil, invalid("sort_key", key, "'%s' is not one of the sort keys", key)
		}
		slices.SortStableFunc(list, less)
	}
	if query.Get("sort_dir") == "desc" {
		slices.Reverse(list)
	}
	return list, nil
}

func (c *Cloud) showFlavor(q *call) (answer, error) {
	f := c.flavor(q.id())
	if f == nil {
		return answer{}, refusal(404, "Flavor %s could not be found.", q.id())
	}
	return ok(object{"flavor": f.view(q)})
}

func (c *Cloud) flavorSpecs(q *call) (answer, error) {
	if c.flavor(q.id()) == nil {
		return answer{}, refusal(404, "Flavor %s could not be found.", q.id())
	}
	return ok(object{"extra_specs": object{}})
}
