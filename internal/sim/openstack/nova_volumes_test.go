package openstack

import (
	"strings"
	"testing"
	"time"
)

func TestAttachments(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	id := p.disk(object{"name": "data-1", "size": 2})
	server := p.boot("web-1", p.lay().port)
	all := nova + "/servers/" + server + "/os-volume_attachments"
	attach := func(in object) reply { return p.do("POST", all, object{"volumeAttachment": in}) }
	attach(object{}).want(400, "'volumeId' is a required property")
	attach(object{"volumeId": "x"}).want(400, "'x' is not a 'uuid'")
	attach(object{"volumeId": server}).want(404, "Volume "+server+" could not be found.")
	attach(object{"volumeId": id, "delete_on_termination": true}).want(400, "'delete_on_termination' was unexpected")
	attach(object{"volumeId": id, "device": "x y"}).want(400, "does not match '(^/dev")
	attach(object{"volumeId": id}).want(200, `"device":"/dev/vdb"`)
	p.do("GET", p.blocks()+"/volumes/"+id, nil).want(200, `"reserved"`, `"attachments":[]`)
	w.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes/"+id, nil).want(200, `"in-use"`, `"server_id":"`+server+`"`)
	p.do("GET", nova+"/servers/"+server, nil).want(200, `"os-extended-volumes:volumes_attached":[{"id":"`+id+`"}]`)
	attach(object{"volumeId": id}).want(400, "is already attached to instances: "+server)
	p.do("DELETE", p.blocks()+"/volumes/"+id, nil).want(400, "Volume status must be available or error")
	p.do("POST", p.blocks()+"/snapshots", object{"snapshot": object{"volume_id": id}}).want(400, "status must be available, but current status is: in-use.")
	p.do("POST", p.blocks()+"/snapshots", object{"snapshot": object{"volume_id": id, "force": true}}).want(202)
	p.micro = "2.89"
	p.do("GET", all, nil).want(200, `"bdm_uuid"`, `"delete_on_termination":false`)
	p.do("PUT", all+"/"+id, object{"volumeAttachment": object{"volumeId": id, "delete_on_termination": true}}).want(202)
	p.do("GET", all+"/"+id, nil).want(200, `"delete_on_termination":true`)
	p.micro = ""
	p.do("PUT", all+"/"+id, object{"volumeAttachment": object{"volumeId": id}}).want(403, "swap")
	p.do("DELETE", all+"/"+id, nil).want(202)
	p.do("GET", p.blocks()+"/volumes/"+id, nil).want(200, `"detaching"`, server)
	p.do("DELETE", all+"/"+id, nil).want(400, "Unable to detach volume.")
	w.clock.add(time.Second)
	p.do("DELETE", all+"/"+id, nil).want(404, "is not attached to volume "+id)
	p.do("GET", p.blocks()+"/volumes/"+id, nil).want(200, `"available"`)
	p.do("GET", nova+"/servers/"+server+"/os-instance-actions", nil).want(200, `"attach_volume"`, `"detach_volume"`)
}

func TestVolumesOfAServerThatGoes(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	keep, drop := p.disk(object{"name": "keep", "size": 1}), p.disk(object{"name": "drop", "size": 1})
	server := p.boot("web-1", p.lay().port)
	all := nova + "/servers/" + server + "/os-volume_attachments"
	p.do("POST", all, object{"volumeAttachment": object{"volumeId": keep}}).want(200)
	p.do("POST", all, object{"volumeAttachment": object{"volumeId": drop, "delete_on_termination": true}}).want(200, "/dev/vdc")
	w.clock.add(time.Second)
	p.do("DELETE", nova+"/servers/"+server, nil).want(204)
	w.clock.add(450 * time.Millisecond)
	p.do("GET", nova+"/servers/"+server, nil).want(200, `"status":"DELETED"`)
	w.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes/"+keep, nil).want(200, `"available"`)
	p.do("GET", p.blocks()+"/volumes/"+drop, nil).want(404)
}

func TestBootFromVolume(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	image, port := p.image("CirrOS 0.6"), p.lay().port
	blank, root := p.disk(object{"name": "blank", "size": 1}), p.disk(object{"name": "root", "size": 1, "imageRef": image})
	order := func(disks ...object) reply {
		return p.order("web-1", object{"networks": []object{{"port": port}}, "imageRef": nil, "block_device_mapping_v2": disks})
	}
	disk := func(source, id string, more ...any) object {
		o := object{"boot_index": 0, "source_type": source, "destination_type": "volume", "uuid": id}
		for i := 0; i+1 < len(more); i += 2 {
			o[more[i].(string)] = more[i+1]
		}
		return o
	}
	const nobody = "9b1deb4d-3b7d-4bad-9bdd-2b0d7b3dcb6d"
	for _, c := range []struct {
		disk object
		says string
	}{
		{disk("volume", nobody), "Block Device Mapping is Invalid: failed to get volume " + nobody + "."},
		{disk("snapshot", nobody), "Snapshot " + nobody + " could not be found."},
		{disk("image", nobody, "volume_size", 1), "failed to get image " + nobody + "."},
		{disk("image", image), "need to have a non-zero size specified"},
		{disk("image", p.image("Ubuntu 22.04"), "volume_size", 1), "minimum size is 5368709120 bytes."},
		{disk("volume", blank), "Block Device " + blank + " is not bootable."},
		{disk("volume", root, "boot_index", 1), "Boot sequence for the instance"},
		{disk("tape", root), "'tape' is not one of ['volume', 'image', 'snapshot', 'blank']"},
		{object{"source_type": "volume"}, "Missing device UUID."},
	} {
		order(c.disk).want(400, c.says)
	}
	id := order(disk("volume", root)).want(202).str("server.id")
	order(disk("volume", root)).want(400, "status must be available or downloading to reserve, but the current status is")
	w.clock.add(3 * time.Second)
	one := nova + "/servers/" + id
	p.do("GET", one, nil).want(200, `"ACTIVE"`, `"image":""`, root)
	p.do("DELETE", one+"/os-volume_attachments/"+root, nil).want(400, "Cannot detach a root device volume")
	p.do("POST", one+"/action", object{"rebuild": object{"imageRef": p.image("Debian 12")}}).want(400, "Unable to rebuild with a different image for a volume-backed server.")
	p.do("POST", one+"/action", object{"rebuild": object{"imageRef": image}}).want(202)
	w.clock.add(3 * time.Second)
	shot := p.do("POST", one+"/action", object{"createImage": object{"name": "shot"}}).want(202).str("image_id")
	p.do("GET", "/image/v2/images/"+shot, nil).want(200, `"status":"active"`, `"size":0`, "block_device_mapping")
	p.do("GET", p.blocks()+"/snapshots", nil).want(200, "snapshot for shot")
	p.do("DELETE", one, nil).want(204)
	w.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes/"+root, nil).want(200, `"available"`)
}

func TestNovaMakesTheVolume(t *testing.T) {
	w := newWorld(t)
	p := w.as("alice", "team-a")
	p.micro = "2.79"
	wish := object{"boot_index": 0, "source_type": "image", "destination_type": "volume", "uuid": p.image("CirrOS 0.6"), "volume_size": 3,
		"delete_on_termination": true}
	order := func(networks any) string {
		return p.order("web-1", object{"networks": networks, "imageRef": nil, "block_device_mapping_v2": []object{wish}}).want(202).str("server.id")
	}
	id := order("none")
	w.clock.add(3 * time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"ACTIVE"`, `"delete_on_termination":true`)
	p.do("GET", p.blocks()+"/volumes/detail", nil).want(200, `"size":3`, `"in-use"`, `"bootable":"true"`)
	p.do("DELETE", nova+"/servers/"+id, nil).want(204)
	w.clock.add(time.Second)
	p.do("GET", p.blocks()+"/volumes", nil).want(200, `"volumes":[]`)
	r, err := ParseRule(strings.Fields("quota team-a volumes 0"))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.cloud.Fault(r); err != nil {
		t.Fatal(err)
	}
	id = order("none")
	w.clock.add(3 * time.Second)
	p.do("GET", nova+"/servers/"+id, nil).want(200, `"ERROR"`, "VolumeLimitExceeded")
}
