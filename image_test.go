package stackhand

import (
	"slices"
	"testing"
)

func TestImageDisks(t *testing.T) {
	for text, want := range map[string][]ImageDisk{
		"":     nil,
		"what": nil,
		`[]`:   nil,
		`[{"source_type":"image","destination_type":"local","boot_index":0}]`: nil,
		`[{"snapshot_id":"s1","volume_size":5,"boot_index":0,"device_name":"/dev/vda"},{"snapshot_id":"s2","volume_size":null,"boot_index":null,"device_name":"/dev/vdb"}]`: {
			{"s1", 5, true}, {"s2", 0, false}},
		`[{"snapshot_id":"s1","device_name":"/dev/vda"}]`: {{"s1", 0, true}}, // as older clouds have it
	} {
		i := Image{Properties: map[string]string{"block_device_mapping": text, "root_device_name": "/dev/vda"}}
		if got := i.Disks(); !slices.Equal(got, want) {
			t.Errorf("%s: %v, want %v", text, got, want)
		}
		if root, ok := i.Root(); ok != (len(want) > 0) || ok && root.Snapshot != "s1" {
			t.Errorf("%s: root %v, %v", text, root, ok)
		}
	}
}
