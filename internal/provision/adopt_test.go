package provision_test

import (
	"slices"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// elsewhere is a server that was made without the bot, with its port, address and volume.
func elsewhere(p *process) {
	c := p.lab.cloud
	c.edit(func() {
		c.networks["n1"] = stackhand.Network{ID: "n1", Name: "x"}
		c.ports["p9"] = stackhand.Port{ID: "p9", Name: "db", NetworkID: "n1", DeviceID: "srv", DeviceOwner: "compute:nova"}
		c.fips["f1"] = stackhand.FloatingIP{ID: "f1", IP: "203.0.113.9", PortID: "p9"}
		c.servers["srv"] = &fakeServer{Server: stackhand.Server{ID: "srv", Name: "db", Status: "ACTIVE", Volumes: []string{"v1"}, Created: time.Now(), Metadata: map[string]string{"team": "web"}}, ports: []string{"p9"}}
		v := c.addVolume("v1", "data", nil)
		v.Status, v.Attached = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: "srv"}}
	})
}

func adoptJob() stackhand.Job {
	return jobOf("job1", provision.FlowAdopt, stackhand.AdoptSpec{Cloud: "lab", ProjectID: "p1", Project: "team-a", Server: "srv", Name: "db", Owner: "U1", For: 2 * time.Hour})
}

var abroad = []string{"network x", "port dbcompute:nova", "floating ip", "server db", "volume data"}

// adoptTrial ends with the server under a lease, marked, and nothing else changed.
func adoptTrial() trial {
	return trial{"adopt", elsewhere, adoptJob(), func(l *lab, p *process, j stackhand.Job) {
		l.t.Helper()
		l.want(j, stackhand.JobDone, abroad...)
		st := p.stack("job1-1")
		if st.State != stackhand.StackReady || st.Busy != "" || st.Server != "srv" || st.Lease.Owner != "U1" || st.Lease.Until.Sub(st.Lease.Ready) != 2*time.Hour || len(st.Ledger) != 4 {
			l.t.Errorf("%+v", st)
		}
		if born := l.cloud.servers["srv"].Created; born.IsZero() || !st.Born.Equal(born) {
			l.t.Errorf("noted as made at %s, and was at %s", st.Born, born)
		}
		if m, ok := stackhand.MarkOf(l.cloud.servers["srv"].Metadata); !ok || m.Stack != st.ID || m.Home != "home" || l.cloud.servers["srv"].Metadata["team"] != "web" {
			l.t.Errorf("marked %+v", l.cloud.servers["srv"].Metadata)
		}
	}}
}

func releaseTrial() trial {
	job := jobOf("job2", provision.FlowRelease, stackhand.ReleaseSpec{Cloud: "lab", Stack: "job1-1", Name: "db"})
	return trial{"release", func(p *process) { elsewhere(p); p.run(adoptJob()) }, job, func(l *lab, p *process, j stackhand.Job) {
		l.t.Helper()
		l.want(j, stackhand.JobDone, abroad...)
		if st := p.stack("job1-1"); st.State != stackhand.StackGone || st.Busy != "" {
			l.t.Errorf("%+v", st)
		}
		if meta := l.cloud.servers["srv"].Metadata; len(meta) != 1 {
			l.t.Errorf("still marked: %v", meta)
		}
	}}
}

// Whoever adopts a server is told what it uses, one thing or several.
func TestAdoptedUses(t *testing.T) {
	for want, edit := range map[string]func(c *fakeCloud){
		"It uses port db; that stays when its time is over.":                                       func(c *fakeCloud) { delete(c.fips, "f1"); c.servers["srv"].Volumes = nil },
		"It uses port db, floating ip 203.0.113.9, volume data; these stay when its time is over.": func(*fakeCloud) {},
	} {
		synctest.Test(t, func(t *testing.T) {
			l := newLab(t)
			p := l.start()
			elsewhere(p)
			p.lab.cloud.edit(func() { edit(p.lab.cloud) })
			if j := p.run(adoptJob()); !slices.Contains(j.Notes, want) {
				t.Errorf("it says %q", j.Notes)
			}
		})
	}
}

// At its end the server goes, and nothing of what it used.
func TestAdoptedIsDeleted(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		elsewhere(p)
		p.run(adoptJob())
		l.want(p.run(deleteOf("job2", "job1-1")), stackhand.JobDone, "network x", "port dbcompute:nova", "floating ip", "volume data")
	})
}

func TestNotAdopted(t *testing.T) {
	for name, edit := range map[string]func(l *lab, p *process, s *fakeServer){
		"being built":   func(_ *lab, _ *process, s *fakeServer) { s.Status = "BUILD" },
		"being deleted": func(_ *lab, _ *process, s *fakeServer) { s.Task = "deleting" },
		"of another installation": func(_ *lab, _ *process, s *fakeServer) {
			s.Metadata = stackhand.Mark{Job: "x", Stack: "x-1", Home: "y"}.Metadata()
		},
		"on another record": func(l *lab, p *process, _ *fakeServer) {
			st := stackhand.Stack{ID: "other-1", Name: "db", Cloud: "lab", State: stackhand.StackReady, Server: "srv", Ledger: []stackhand.Resource{{Kind: stackhand.KindServer, ID: "srv"}}}
			if err := p.rec.SaveStack(t.Context(), &st); err != nil {
				l.t.Fatal(err)
			}
		},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l := newLab(t)
				p := l.start()
				elsewhere(p)
				edit(l, p, l.cloud.servers["srv"])
				l.want(p.run(adoptJob()), stackhand.JobUndone, abroad...)
				if st := p.stack("job1-1"); st.State != stackhand.StackGone {
					t.Errorf("stack is %s", st.State)
				}
				if m, _ := stackhand.MarkOf(l.cloud.servers["srv"].Metadata); m.Job == "job1" {
					t.Error("it was marked")
				}
			})
		})
	}
}
