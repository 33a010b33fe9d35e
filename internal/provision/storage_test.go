package provision_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

func booting() stackhand.CreateSpec {
	s := spec()
	s.BootGB = 20
	return s
}

// TestBootVolume builds a server that boots from a volume, which goes with it, also from a build that fails.
func TestBootVolume(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		j := p.run(jobOf("job1", provision.FlowCreate, booting()))
		l.want(j, stackhand.JobDone, append(whole("stackhand-auto", "web"), "volume web")...)
		_, v := first(l.cloud.volumes, func(*fakeVolume) bool { return true })
		if v.Size != 20 || v.Metadata["stackhand_stack"] != "job1-1" || v.Status != "in-use" {
			t.Errorf("volume %+v", v.Volume)
		}
		d := p.run(deleteOf("del1", "job1-1"))
		l.want(d, stackhand.JobDone)
		if len(d.Notes) > 0 {
			t.Errorf("said %q", d.Notes)
		}
		l.cloud.edit(func() { l.cloud.broken = "error" })
		j = p.run(jobOf("job2", provision.FlowCreate, booting()))
		l.want(j, stackhand.JobUndone)
		if !strings.Contains(said(j), "The cloud could not make the volume web: it is in the state error.") {
			t.Errorf("said %q", said(j))
		}
		l.cloud.edit(func() { l.cloud.broken, l.cloud.buildFault = "", "No valid host was found." })
		kept := jobOf("job3", provision.FlowCreate, booting())
		kept.Keep = true
		l.want(p.run(kept), stackhand.JobKept, append(whole("stackhand-auto", "web"), "volume web")...)
		c, err := p.Cleanup(t.Context(), "job3", "U1")
		if err != nil {
			t.Fatal(err)
		}
		l.want(p.rested(c.ID), stackhand.JobDone)
	})
}

// TestVolumesAtTheEnd deletes stacks that have volumes of several makers.
func TestVolumesAtTheEnd(t *testing.T) {
	ours, theirs := map[string]string{"stackhand_job": "jobv"}, map[string]string(nil)
	for _, tt := range []struct {
		name   string
		meta   map[string]string
		ledger bool // it was attached by us
		edit   func(l *lab)
		keep   bool
		left   []string
		says   string
	}{
		{"ours", ours, true, nil, false, nil, ""},
		{"ours, to be kept", ours, true, nil, true, []string{"volume data"}, "The volume data was left: it was to be kept. It is detached."},
		{"theirs", theirs, true, nil, false, []string{"volume data"}, "The volume data was left: it was not made for this stack. It is detached."},
		{"attached by another way", ours, false, nil, false, []string{"volume data"}, "The volume data was left: it was not made for this stack. It is detached."},
		{"the mark removed", ours, true, func(l *lab) { l.cloud.volumes["v1"].Metadata = nil }, false, []string{"volume data"}, "The volume data was left:"},
		{"with a snapshot", ours, true, func(l *lab) {
			l.cloud.snaps["x1"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "x1", Name: "monday", VolumeID: "v1"}}
		}, false, []string{"volume data", "snapshot monday"}, "The volume data was left: The volume data is in use by snapshot monday."},
		{"moved to another server", ours, true, func(l *lab) {
			l.cloud.servers["s9"] = &fakeServer{Server: stackhand.Server{ID: "s9", Name: "theirs", Status: "ACTIVE"}}
			l.cloud.volumes["v1"].Attached = []stackhand.Attachment{{VolumeID: "v1", ServerID: "s9"}}
		}, false, []string{"volume data", "server theirs"}, "The volume data was left: theirs uses it."},
		{"given to another project", ours, true, func(l *lab) {
			// Only what is not attached can be given away; an administrator's login sees it afterwards as well.
			v := l.cloud.volumes["v1"]
			_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
			v.ProjectID, v.Status, v.Attached, s.Volumes = "p2", "available", nil, nil
		}, false, []string{"volume data"}, "The volume data was left: it was given to another project."},
		{"gone", ours, true, func(l *lab) { clear(l.cloud.volumes) }, false, nil, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				p.run(jobOf("job0", provision.FlowCreate, spec()))
				l.cloud.edit(func() { l.cloud.addVolume("v1", "data", tt.meta) })
				if tt.ledger {
					before(stackhand.ActAddVolume, func(s *stackhand.ActSpec) { s.TargetID, s.Target = "v1", "data" })(p)
				} else {
					l.cloud.edit(func() {
						id, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
						v := l.cloud.volumes["v1"]
						v.Status, v.Attached, s.Volumes = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: id, Device: "/dev/vdb"}}, []string{"v1"}
					})
				}
				if tt.edit != nil {
					l.cloud.edit(func() { tt.edit(l) })
				}
				j := p.run(jobOf("del1", provision.FlowDelete, stackhand.DeleteSpec{Cloud: "lab", Stack: "job0-1", KeepVolumes: tt.keep}))
				l.want(j, stackhand.JobDone, tt.left...)
				if got := said(j); tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
					t.Errorf("said %q, want %q", got, tt.says)
				}
				if v := l.cloud.volumes["v1"]; v != nil && tt.name != "moved to another server" && (len(v.Attached) > 0 || v.Status != "available") {
					t.Errorf("volume %+v", v.Volume)
				}
			})
		})
	}
}

// TestDeletionsOfBefore finishes a deletion that began before there were volumes.
func TestDeletionsOfBefore(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		p.run(jobOf("job1", provision.FlowCreate, spec()))
		old := deleteOf("del1", "job1-1")
		old.Version = 1
		j := p.run(old)
		l.want(j, stackhand.JobDone)
		if j.Step("volume") != nil {
			t.Errorf("%s", story(j))
		}
	})
}

// classic is a cloud without Neutron.
func classic(l *lab) stackhand.CreateSpec {
	l.cloud.features = stackhand.Features{}
	s := spec()
	s.Classic, s.External = true, "pool"
	return s
}

// TestClassicClouds builds and deletes where Nova gives the addresses.
func TestClassicClouds(t *testing.T) {
	for _, tt := range []struct {
		name    string
		edit    func(*stackhand.CreateSpec)
		state   stackhand.JobState
		left    []string
		address string
		groups  string
	}{
		{"with an address", func(*stackhand.CreateSpec) {}, stackhand.JobDone, []string{"floating ip", "group stackhand-open-22", "server web"}, "203.0.113.", "default stackhand-open-22"},
		{"without", func(s *stackhand.CreateSpec) { s.Floating, s.Open, s.Groups = false, nil, []string{"default"} }, stackhand.JobDone, []string{"server web"}, "10.1.0.", "default"},
		{"on a new network", func(s *stackhand.CreateSpec) { s.Network = "new" }, stackhand.JobFailed, nil, "", ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				s := classic(l)
				tt.edit(&s)
				p := l.start()
				j := p.run(jobOf("job1", provision.FlowCreate, s))
				l.want(j, tt.state, tt.left...)
				if j.State != stackhand.JobDone {
					return
				}
				st := p.stack("job1-1")
				_, srv := first(l.cloud.servers, func(*fakeServer) bool { return true })
				if !strings.HasPrefix(st.Address, tt.address) || strings.Join(srv.Groups, " ") != tt.groups {
					t.Errorf("address %q, groups %q", st.Address, srv.Groups)
				}
				l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone)
			})
		})
	}
}
