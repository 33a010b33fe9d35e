package provision_test

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// actTrials are the changes of servers, and what is made and removed by itself, to be disturbed at every call.
func actTrials() []trial {
	return slices.Concat(moveTrials(), resizeTrials(), settingTrials(), attachTrials(), thingTrials(), []trial{orphanTrial(), adoptTrial(), releaseTrial()})
}

// on makes an act on the server of stack job0-1, whose id is filled in by setUp.
func on(verb string, edit func(*stackhand.ActSpec)) stackhand.Job {
	s := stackhand.ActSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Stack: "job0-1", Server: theServer, Name: "web", Verb: verb}
	if edit != nil {
		edit(&s)
	}
	return jobOf("job1", provision.FlowAct, s)
}

// theServer stands in inputs of trials for the id of the stack's server.
const theServer = "THE-SERVER"

// aimed fills the server's id in.
func aimed(j stackhand.Job, l *lab) stackhand.Job {
	for id, v := range l.cloud.servers {
		if v.Name != "web" {
			continue
		}
		j.Input = json.RawMessage(strings.ReplaceAll(string(j.Input), theServer, id))
	}
	return j
}

// ready builds web; and then does more.
func ready(more ...func(p *process)) func(p *process) {
	return func(p *process) {
		p.run(jobOf("job0", provision.FlowCreate, spec()))
		for _, do := range more {
			do(p)
		}
	}
}

// before runs an act beforehand.
func before(verb string, edit func(*stackhand.ActSpec)) func(p *process) {
	return func(p *process) {
		j := aimed(on(verb, edit), p.lab)
		j.ID = "job-" + strings.ReplaceAll(verb, " ", "-")
		if got := p.run(j); got.State != stackhand.JobDone {
			p.lab.t.Fatal(story(got))
		}
	}
}

// acted checks that a job is done, the stack is free again, Nova was asked once, and after a deletion nothing of
// the stack is left but what is named.
func acted(record string, check func(l *lab, st stackhand.Stack), left ...string) func(*lab, *process, stackhand.Job) {
	return func(l *lab, p *process, j stackhand.Job) {
		l.t.Helper()
		if j.State != stackhand.JobDone {
			l.t.Fatalf("%s", story(j))
		}
		if n := l.cloud.did(record); record != "" && n != 1 {
			l.t.Errorf("%s was asked for %d times", record, n)
		}
		st := p.stack("job0-1")
		if st.Busy != "" || st.State != stackhand.StackReady {
			l.t.Errorf("stack is %s, busy %q", st.State, st.Busy)
		}
		if check != nil {
			check(l, st)
		}
		l.want(p.run(deleteOf("dlast", "job0-1")), stackhand.JobDone, left...)
	}
}

func is(state string) func(*lab, stackhand.Stack) {
	return func(l *lab, _ stackhand.Stack) {
		if got := l.cloud.state("web"); got != state {
			l.t.Errorf("the server is %s, want %s", got, state)
		}
	}
}

func moveTrials() []trial {
	stop := before(stackhand.ActStop, nil)
	return []trial{
		{"stop", ready(), on(stackhand.ActStop, nil), acted("stop", is("SHUTOFF small"))},
		{"start", ready(stop), on(stackhand.ActStart, nil), acted("start", is("ACTIVE small"))},
		{"shelve", ready(), on(stackhand.ActShelve, nil), acted("shelve", is("SHELVED_OFFLOADED small"))},
		{"lock", ready(), on(stackhand.ActLock, nil), acted("", func(l *lab, _ stackhand.Stack) {
			_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
			if !s.Locked {
				l.t.Error("it is not locked")
			}
			l.cloud.edit(func() { s.Locked = false }) // or it could not be deleted
		})},
	}
}

func large(s *stackhand.ActSpec) { s.FlavorID, s.Flavor = "large", "large" }

func flavored(state, flavor string) func(*lab, stackhand.Stack) {
	return func(l *lab, st stackhand.Stack) {
		is(state)(l, st)
		if st.Flavor != flavor {
			l.t.Errorf("the stack's flavor is %q, want %q", st.Flavor, flavor)
		}
	}
}

func resizeTrials() []trial {
	resized := before(stackhand.ActResize, large)
	auto := func(p *process) { p.lab.cloud.edit(func() { p.lab.cloud.auto = true }) }
	at := func(edit func(*stackhand.ActSpec)) func(*stackhand.ActSpec) {
		return func(s *stackhand.ActSpec) { large(s); edit(s) }
	}
	return []trial{
		{"resize", ready(), on(stackhand.ActResize, large), acted("resize", flavored("VERIFY_RESIZE large", "large"))},
		{"resize that the cloud confirms", ready(auto), on(stackhand.ActResize, large), acted("resize", flavored("ACTIVE large", "large"))},
		{"resize and confirm", ready(), on(stackhand.ActResize, at(func(s *stackhand.ActSpec) { s.Confirm = true })),
			acted("confirmResize", flavored("ACTIVE large", "large"))},
		{"confirm", ready(resized), on(stackhand.ActConfirm, nil), acted("confirmResize", flavored("ACTIVE large", "large"))},
		{"revert", ready(resized), on(stackhand.ActRevert, nil), acted("revertResize", flavored("ACTIVE small", "small"))},
	}
}

func settingTrials() []trial {
	ip := "192.0.2.9"
	return []trial{
		{"rebuild", ready(), on(stackhand.ActRebuild, func(s *stackhand.ActSpec) {
			s.ImageID, s.Image, s.Login, s.Set, s.NewName = "img2", "Debian 12", "debian", map[string]string{"role": "db"}, "db"
		}), acted("rebuild", func(l *lab, st stackhand.Stack) {
			_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
			if st.Image != "Debian 12" || st.Login != "debian" || st.Name != "db" || s.ImageID != "img2" || s.Metadata["role"] != "db" || s.Metadata["stackhand_stack"] != "job0-1" {
				l.t.Errorf("stack %+v, server %+v", st, s.Server)
			}
		})},
		{"snapshot", ready(), on(stackhand.ActImage, func(s *stackhand.ActSpec) { s.NewName = "web-snap" }), acted("createImage", func(l *lab, _ stackhand.Stack) {
			if _, img := first(l.cloud.images, func(*fakeImage) bool { return true }); img.Status != "active" || img.Properties["stackhand_job"] != "job1" {
				l.t.Errorf("image %+v", img)
			}
		}, "image web-snap")},
		{"rename", ready(), on(stackhand.ActRename, func(s *stackhand.ActSpec) { s.NewName = "db" }), acted("", func(l *lab, st stackhand.Stack) {
			if st.Name != "db" || l.cloud.state("db") == "gone" {
				l.t.Errorf("stack %+v", st)
			}
		})},
		{"set", ready(), on(stackhand.ActSet, func(s *stackhand.ActSpec) {
			s.Set, s.Change, s.NewName = map[string]string{"role": "db"}, stackhand.ServerChange{AccessIPv4: &ip}, "db"
		}), acted("", func(l *lab, st stackhand.Stack) {
			_, s := first(l.cloud.servers, func(*fakeServer) bool { return true })
			if s.Metadata["role"] != "db" || s.AccessIPv4 != ip || s.Metadata["stackhand_job"] != "job0" || st.Name != "db" {
				l.t.Errorf("server %+v", s.Server)
			}
		})},
		{"password", ready(), on(stackhand.ActPassword, func(s *stackhand.ActSpec) { s.Password = "s3cret" }), acted("", func(l *lab, _ stackhand.Stack) {
			if _, s := first(l.cloud.servers, func(*fakeServer) bool { return true }); s.secret != "s3cret" {
				l.t.Errorf("password %q", s.secret)
			}
		})},
	}
}

func attachTrials() []trial {
	volume := func(meta map[string]string) func(p *process) {
		return func(p *process) { p.lab.cloud.edit(func() { p.lab.cloud.addVolume("v1", "data", meta) }) }
	}
	data := func(s *stackhand.ActSpec) { s.TargetID, s.Target = "v1", "data" }
	added := before(stackhand.ActAddVolume, data)
	ours := map[string]string{"stackhand_job": "jobv"}
	elsewhere := func(p *process) {
		p.lab.cloud.edit(func() {
			p.lab.cloud.networks["n2"] = stackhand.Network{ID: "n2", Name: "back"}
			p.lab.cloud.subnets["s2"] = stackhand.Subnet{ID: "s2", Name: "back", NetworkID: "n2"}
		})
	}
	back := func(s *stackhand.ActSpec) { s.TargetID, s.Target = "n2", "back" }
	bare := func(p *process) { // without the address that create gave it
		p.lab.cloud.edit(func() { clear(p.lab.cloud.fips) })
	}
	return []trial{
		{"add volume", ready(volume(nil)), on(stackhand.ActAddVolume, data), acted("", holds("v1", "", true), "volume data")},
		{"add volume of ours", ready(volume(ours)), on(stackhand.ActAddVolume, data), acted("", holds("v1", "jobv", true))},
		{"remove volume", ready(volume(ours), added), on(stackhand.ActRemoveVolume, data), acted("", holds("v1", "", false), "volume data")},
		{"add network", ready(elsewhere), on(stackhand.ActAddNetwork, back), acted("", nil, "network back", "subnet back")},
		{"remove network", ready(elsewhere, before(stackhand.ActAddNetwork, back)), on(stackhand.ActRemoveNetwork, back),
			acted("", nil, "network back", "subnet back")},
		{"add a new floating ip", ready(bare), on(stackhand.ActAddFloating, func(s *stackhand.ActSpec) { s.External = external }),
			acted("", func(l *lab, st stackhand.Stack) {
				if _, f := first(l.cloud.fips, func(stackhand.FloatingIP) bool { return true }); len(l.cloud.fips) != 1 || f.PortID == "" || st.Address != f.IP {
					l.t.Errorf("floating ips %+v, address %s", l.cloud.fips, st.Address)
				}
			})},
	}
}

// holds checks whether the volume is on the stack's ledger, made by which job, and at the server.
func holds(id, job string, want bool) func(*lab, stackhand.Stack) {
	return func(l *lab, st stackhand.Stack) {
		l.t.Helper()
		at := slices.IndexFunc(st.Ledger, func(r stackhand.Resource) bool { return r.Kind == stackhand.KindVolume && r.ID == id })
		if (at >= 0) != want || at >= 0 && st.Ledger[at].Job != job || (len(l.cloud.volumes[id].Attached) > 0) != want {
			l.t.Errorf("ledger %+v, volume %+v", st.Ledger, l.cloud.volumes[id])
		}
	}
}
