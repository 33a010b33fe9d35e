package stackhand

import "encoding/json"

// ImageDisk is a disk of an image that Nova made of a server on volumes. Such an image is empty: it names snapshots of the volumes,
// and is worth what these are. Size is in GiB, 0 where it does not say.
type ImageDisk struct {
	Snapshot string
	Size     int
	Root     bool
}

// Disks are the snapshots that an image stands for; none where it holds its own data. They are read from its property
// block_device_mapping: https://docs.openstack.org/nova/latest/user/block-device-mapping.html.
func (i Image) Disks() []ImageDisk {
	var mapping []struct {
		Snapshot string `json:"snapshot_id"`
		Size     *int   `json:"volume_size"`
		Index    *int   `json:"boot_index"`
		Device   string `json:"device_name"`
	}
	if json.Unmarshal([]byte(i.Properties["block_device_mapping"]), &mapping) != nil {
		return nil
	}
	var out []ImageDisk
	for _, m := range mapping {
		if m.Snapshot == "" {
			continue
		}
		d := ImageDisk{Snapshot: m.Snapshot, Root: m.Index != nil && *m.Index == 0 || m.Index == nil && m.Device != "" && m.Device == i.Properties["root_device_name"]}
		if m.Size != nil {
			d.Size = *m.Size
		}
		out = append(out, d)
	}
	return out
}

// Root is the disk that a server made from the image boots from, where that is a snapshot.
func (i Image) Root() (ImageDisk, bool) {
	for _, d := range i.Disks() {
		if d.Root {
			return d, true
		}
	}
	return ImageDisk{}, false
}
