package commands

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// fixed gives the server of a stack what Nova tells of it besides.
func (w *world) fixed(name string) {
	w.change(name, func(sv *stackhand.Server) { sv.FlavorID, sv.ImageID, sv.Image = "2", "i-jammy", "Ubuntu 22.04" })
}

// TestChanges holds lines that change a server against the input of the job that they start.
func TestChanges(t *testing.T) {
	v4, v6 := "203.0.113.7", "2001:db8::7"
	for _, c := range []struct {
		line, status, title string
		want                stackhand.ActSpec
	}{
		{"resize web-1 --flavor m1.medium", "", "Resize web-1 to m1.medium", stackhand.ActSpec{Verb: "resize", FlavorID: "3", Flavor: "m1.medium"}},
		{"resize web-1 --flavor ram=4096 --confirm", "SHUTOFF", "Resize web-1 to m1.medium", stackhand.ActSpec{Verb: "resize", FlavorID: "3", Flavor: "m1.medium", Confirm: true}},
		{"resize web-1 --confirm", "VERIFY_RESIZE", "Confirm the new size of web-1", stackhand.ActSpec{Verb: "resize --confirm"}},
		{"resize web-1 --revert", "VERIFY_RESIZE", "Revert the size of web-1", stackhand.ActSpec{Verb: "resize --revert"}},
		{"rebuild web-1 --yes", "", "Rebuild web-1 with Ubuntu 22.04", stackhand.ActSpec{Verb: "rebuild", ImageID: "i-jammy", Image: "Ubuntu 22.04", Login: "ubuntu"}},
		{"rebuild web-1 --image debian --name db-1 --property tier=2", "ERROR", "Rebuild web-1 with Debian 12",
			stackhand.ActSpec{Verb: "rebuild", ImageID: "i-debian", Image: "Debian 12", Login: "debian", NewName: "db-1", Set: map[string]string{"tier": "2"}}},
		{"rename web-1 db-1", "SHELVED", "Rename web-1 to db-1", stackhand.ActSpec{Verb: "rename", NewName: "db-1"}},
		{"set web-1 --name db-1", "", "Rename web-1 to db-1", stackhand.ActSpec{Verb: "rename", NewName: "db-1"}},
		{"set web-1 --property tier=2 --property a=b=c --name db-1", "SHUTOFF", "Change the properties of web-1",
			stackhand.ActSpec{Verb: "set", Set: map[string]string{"tier": "2", "a": "b=c"}, NewName: "db-1"}},
		{"set web-1 --access-ip 203.0.113.7 --access-ip 2001:DB8::7", "", "Change the properties of web-1",
			stackhand.ActSpec{Verb: "set", Change: stackhand.ServerChange{AccessIPv4: &v4, AccessIPv6: &v6}}},
		{"unset web-1 --property team --property team", "", "Remove properties of web-1", stackhand.ActSpec{Verb: "unset", Unset: []string{"team"}}},
		{"image create web-1", "SUSPENDED", "Make the image web-1-20261121-0900 of web-1", stackhand.ActSpec{Verb: "image create", NewName: "web-1-20261121-0900"}},
		{`image create web-1 --name "web golden" --property release=3`, "", "Make the image web golden of web-1",
			stackhand.ActSpec{Verb: "image create", NewName: "web golden", Set: map[string]string{"release": "3"}}},
	} {
		t.Run(c.line, func(t *testing.T) {
			w, env := newWorld()
			w.give("U0ALICE", "web-1")
			w.fixed("web-1")
			if c.status != "" {
				w.put("web-1", c.status)
			}
			r, err := say(t, env, alice, c.line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			if diff := cmp.Diff(c.want, actOf(t, w)); diff != "" {
				t.Error(diff)
			}
			if got := w.jobs[r.Job].Title; got != c.title {
				t.Errorf("title %q, want %q", got, c.title)
			}
			again, err := say(t, env, alice, c.line)
			if err != nil || again.Job != r.Job || len(w.order) != 1 {
				t.Errorf("delivered again: %d jobs, %s", len(w.order), told(again, err))
			}
		})
	}
}

// TestChangesRefused holds lines that cannot be done against what is said to them.
func TestChangesRefused(t *testing.T) {
	for line, want := range map[string]string{
		"resize web-1 --flavor m1.small":                    "web-1 has the flavor m1.small already",
		"resize web-1 --flavor m1.smal":                     "There is no flavor called m1.smal.*Did you mean m1.small",
		"resize web-1 --confirm":                            "There is nothing to confirm: web-1 is ACTIVE with m1.small",
		"resize web-1 --revert":                             "There is nothing to revert",
		"resize web-1 --confirm --revert":                   "make no sense",
		"resize web-1 --revert --flavor m1.medium":          "--revert takes no --flavor",
		"resize web-1 --flavor ram=1":                       "web-1 has the flavor|Resize web-1 to m1.tiny", // the smallest of all
		"resize off --flavor big":                           "no room for off with big: not enough cores .18 of 20 in use, 31 needed., RAM",
		"resize paused --flavor m1.medium":                  "paused is PAUSED, so you cannot resize it now.*`unpause paused` first",
		"rebuild web-1 --image nope":                        "There is no image called nope",
		"rebuild small --image i-jammy":                     "small has 1 GiB of disk and 512 MiB of RAM, too small for Ubuntu 22.04, which needs 5 GiB disk",
		"rebuild paused --yes":                              "paused is PAUSED, so you cannot rebuild it",
		"rebuild vol --yes":                                 "vol boots from a volume",
		"rebuild old --yes":                                 "The image that old was made from is not there any more",
		`rebuild web-1 --name "über alles"`:                 "cannot be a server's name.*How about ueber-alles",
		"rebuild web-1 --user-data=\"#!/bin/sh ls\"":        "takes all it needs in the line.*--yes",
		"rename web-1":                                      "Rename needs the new name.*Usage: rename",
		"rename web-1 two words":                            "does not know what to do with words",
		"rename web-1 -x":                                   "has no option -x",
		"rename web-1 off":                                  "There is a server called off of the same owner in team-a already",
		"rename nope off":                                   "There is no server called nope",
		"set web-1":                                         "set needs --property, --access-ip or --name",
		"set web-1 --property stackhand_job=x":              "--property stackhand_job is not for you",
		"set web-1 --property novalue":                      "not of the form key=value",
		"set web-1 --access-ip 1.2.3":                       "--access-ip 1.2.3 is no address",
		"set web-1 --access-ip 1.2.3.4 --access-ip 1.2.3.5": "one IPv4 and one IPv6 address at most",
		"set web-1 --access-ip none":                        "--access-ip none is no address",
		"set web-1 --property a=1 --name off":               "There is a server called off of the same owner",
		"unset web-1":                                       "unset needs --property",
		"unset web-1 --property nope":                       "web-1 has no property nope.*It has: team=web",
		"unset web-1 --property stackhand_stack":            "is not for you",
		`image create web-1 --name "Debian 12"`:             `There is an image called "Debian 12" already`,
		"image create building":                             "building is BUILD, so you cannot make an image of it now.*Wait until that is over",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			for name, status := range map[string]string{"web-1": "ACTIVE", "off": "SHUTOFF", "paused": "PAUSED", "building": "BUILD", "small": "ACTIVE", "vol": "ACTIVE", "old": "ACTIVE"} {
				w.give("U0ALICE", name)
				w.fixed(name)
				w.put(name, status)
			}
			w.change("small", func(sv *stackhand.Server) { sv.FlavorID, sv.Flavor = "1", "m1.tiny" })
			w.change("vol", func(sv *stackhand.Server) { sv.ImageID, sv.Image = "", "" })
			w.change("old", func(sv *stackhand.Server) { sv.ImageID, sv.Image = "i-gone", "" })
			w.cloud.flavors = append(w.cloud.flavors, stackhand.Flavor{ID: "9", Name: "big", VCPUs: 32, RAM: 65536, Disk: 100})
			w.cloud.limits.Cores.Used = 18
			r, err := say(t, env, alice, line)
			if (err == nil || len(w.order) != 0 || r.Form != nil) && !strings.Contains(want, "|") {
				t.Errorf("%d jobs: %s", len(w.order), told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.cloud.limits.MaxMetadata = 3
	r, err := say(t, env, alice, "set web-1 --property a=1 --property b=2")
	expect(t, told(r, err), "web-1 would have 4 properties, and the cloud takes 3")
	r, err = say(t, env, alice, "set web-1 --property a=1 --property team=db")
	expect(t, told(r, err), "Change the properties of web-1: job")
}

// A name that fits several is asked about with lines that hold everything else that was said.
func TestChangesAsk(t *testing.T) {
	w, env := newWorld()
	mine := w.give("U0ALICE", "web-1")
	w.give("U0BOB", "web-1")
	for line, want := range map[string]string{
		"resize web-1 --flavor m1.medium": "resize " + mine.Server + " --flavor m1.medium", "rename web-1 x": "rename " + mine.Server + " x",
		"set web-1 --property a=b": "set " + mine.Server + " --property a=b", "stop web-1": "stop " + mine.Server, "password web-1": "password " + mine.Server,
		"image create web-1 --name i": "image create " + mine.Server + " --name i", "unset web-1 --property team": "unset " + mine.Server + " --property team",
		"rebuild web-1 --image debian": "rebuild " + mine.Server + " --image debian", "console log web-1 --lines 5": "console log " + mine.Server + " --lines 5",
		"events web-1": "events " + mine.Server, "addresses web-1": "addresses " + mine.Server, "console url web-1 --serial": "console url " + mine.Server + " --serial",
	} {
		r, err := say(t, env, alice, line)
		if err != nil || len(r.Actions) != 2 || r.Actions[0].Value != want {
			t.Errorf("%s: %s", line, told(r, err))
		}
	}
}

func TestRenameInThread(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := inThread(t, env, alice, "web-1", "<@U0BOT> rename db-1")
	if err != nil {
		t.Fatal(told(r, err))
	}
	if got := actOf(t, w); got.NewName != "db-1" {
		t.Errorf("%+v", got)
	}
	r, err = inThread(t, env, alice, "web-1", "rename web-1")
	expect(t, told(r, err), "web-1 is called that already")
}

// Names are one owner's: another's server of that name is no hindrance.
func TestRenameBesideOthers(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	w.give("U0BOB", "db-1")
	if r, err := say(t, env, alice, "rename web-1 db-1"); err != nil || actOf(t, w).NewName != "db-1" {
		t.Error(told(r, err))
	}
}

// The volume holds the image, so the flavor's disk need not.
func TestBootFromVolume(t *testing.T) {
	w, env := newWorld()
	w.cloud.flavors[1].RAM = 1024 // m1.tiny, with 1 GiB of disk
	r, err := say(t, env, alice, "create web-1 --flavor m1.tiny --boot-from-volume 8")
	if err != nil {
		t.Fatal(told(r, err))
	}
	if got := input[stackhand.CreateSpec](t, w); got.BootGB != 8 || got.Flavor != "m1.tiny" {
		t.Errorf("%+v", got)
	}
	r, err = say(t, env, alice, "create web-2 --flavor m1.tiny --boot-from-volume 8 --dry-run")
	expect(t, told(r, err), "Boot volume: 8 GiB")
}

// An image of a server on volumes holds nothing itself: the server boots from a volume that is made from the snapshot in its place.
func TestCreateFromTheImageOfVolumes(t *testing.T) {
	w, env := newWorld()
	w.cloud.flavors[1].RAM = 1024
	w.cloud.images = append(w.cloud.images, stackhand.Image{ID: "img-golden", Name: "golden", Status: "active", MinDisk: 20, Owner: "p1", Visibility: "private",
		Properties: map[string]string{"bdm_v2": "True", "block_device_mapping": `[{"snapshot_id": "snap-1", "boot_index": 0, "volume_size": null}]`}})
	for line, want := range map[string]string{
		"create web-1 --image golden":                        "stands for a snapshot of a volume that is not in .* any more",
		"create web-1 --image golden --boot-from-volume 300": "stands for a snapshot of a volume",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
	w.cloud.snapshots = append(w.cloud.snapshots, stackhand.VolumeSnapshot{ID: "snap-1", Name: "snapshot for golden", Size: 8, Status: "available"})
	r, err := say(t, env, alice, "create web-1 --image golden --boot-from-volume 7")
	expect(t, told(r, err), "A volume of 7 GiB is too small for golden, which needs 8 GiB")
	r, err = say(t, env, alice, "create web-3 --flavor m1.tiny --image golden --boot-from-volume 12 --dry-run")
	expect(t, told(r, err), "Boot volume: 12 GiB, from the snapshot snap-1")
	w.give("U0ALICE", "old")
	w.fixed("old")
	w.put("old", "ACTIVE")
	r, err = say(t, env, alice, "rebuild old --image golden")
	expect(t, told(r, err), "golden holds no data itself.*create NAME --image golden")
	if r, err := say(t, env, alice, "create web-1 --flavor m1.tiny --image golden"); err != nil {
		t.Fatal(told(r, err))
	}
	if got := input[stackhand.CreateSpec](t, w); got.BootGB != 8 || got.BootSnapshot != "snap-1" {
		t.Errorf("%+v", got)
	}
}
