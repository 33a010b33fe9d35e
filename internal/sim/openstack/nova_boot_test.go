package openstack

import (
	"testing"
	"time"
)

// The image of a server on volumes stands for snapshots of these: a volume with one cannot be deleted, and a server from the image gets
// volumes of its own. Nova measures them by the flavor that the first server had, as Zed does.
func TestServerFromTheImageOfVolumes(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	shot := func(size int) (image, root string) {
		root = p.disk(object{"name": "root", "size": size, "imageRef": p.image("CirrOS 0.6")})
		disk := object{"boot_index": 0, "source_type": "volume", "destination_type": "volume", "uuid": root}
		id := p.order("web-1", object{"networks": "none", "imageRef": nil, "block_device_mapping_v2": []object{disk}}).want(202).str("server.id")
		w.clock.add(3 * time.Second)
		image = p.do("POST", nova+"/servers/"+id+"/action", object{"createImage": object{"name": "shot"}}).want(202).str("image_id")
		p.do("DELETE", nova+"/servers/"+id, nil).want(204)
		w.clock.add(2 * time.Second)
		return image, root
	}
	small, root := shot(5)
	p.do("DELETE", p.blocks()+"/volumes/"+root, nil).want(400, "have snapshots")
	p.order("web-2", object{"networks": "none", "imageRef": small}).
		want(400, "Volume is smaller than the minimum size specified in image metadata. Volume size is 5368709120 bytes, minimum size is 21474836480 bytes.")

	large, root := shot(20)
	of := p.do("GET", p.blocks()+"/snapshots?volume_id="+root, nil).want(200).str("snapshots.0.id")
	id := p.order("web-2", object{"networks": "none", "imageRef": large}).want(202).str("server.id")
	w.clock.add(3 * time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"ACTIVE"`, `"image":""`, `volumes_attached":[{`)
	p.do("GET", p.blocks()+"/volumes/detail?status=in-use", nil).want(200, `"snapshot_id":"`+of+`"`, `"server_id":"`+id+`"`)

	// A disk of the same name goes before the image's.
	other := p.disk(object{"name": "other", "size": 20, "imageRef": p.image("CirrOS 0.6")})
	instead := object{"boot_index": 0, "source_type": "volume", "destination_type": "volume", "uuid": other, "device_name": "/dev/vda"}
	id = p.order("web-3", object{"networks": "none", "imageRef": large, "block_device_mapping_v2": []object{instead}}).want(202).str("server.id")
	w.clock.add(3 * time.Second)
	p.do("GET", p.blocks()+"/volumes/"+other, nil).want(200, `"server_id":"`+id+`"`)
}
