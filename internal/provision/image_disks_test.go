package provision_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
)

// imaged is a server on the volume v1 that is gone, and its image i1, which stands for the snapshot sn1 that Nova made of the volume.
func imaged(p *process) {
	c := p.lab.cloud
	c.edit(func() {
		c.addVolume("v1", "web", lone.Metadata())
		c.snaps["sn1"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "sn1", Name: "snapshot for x", VolumeID: "v1", Size: 5, Status: "available", ProjectID: "p1"}}
		props := stackhand.Mark{Job: "jobi", Home: "home"}.Metadata()
		props[stackhand.MarkServer] = "srv"
		props["block_device_mapping"] = `[{"snapshot_id": "sn1", "boot_index": 0, "volume_size": 5}]`
		c.images["i1"] = &fakeImage{Image: stackhand.Image{ID: "i1", Name: "x", Status: "active", Owner: "p1", Properties: props}}
	})
	st := stackhand.Stack{ID: lone.Stack, Name: "web", Cloud: "lab", ProjectID: "p1", State: stackhand.StackGone, Server: "srv", Job: lone.Job}
	if err := p.rec.SaveStack(context.Background(), &st); err != nil {
		p.lab.t.Fatal(err)
	}
}

// The image of a server on volumes takes its snapshot along. What the snapshot may be else, or may serve else, stays, and is named.
func TestAnImageTakesItsSnapshot(t *testing.T) {
	const went, stays = `Deleted with it is the volume snapshot "snapshot for x" (5 GiB, sn1) of the volume web.`, `It stood for the volume snapshot "snapshot for x" (5 GiB, sn1) of the volume web, which stays, and costs.`
	for name, tt := range map[string]struct {
		edit func(c *fakeCloud)
		says string
		left []string
	}{
		"as it was made": {nil, went + " The volume web stays, and costs; `volume delete web` removes it.", []string{"volume web"}},
		"of a server that is there": {func(c *fakeCloud) {
			c.volumes["v1"].Status, c.volumes["v1"].Attached = "in-use", []stackhand.Attachment{{VolumeID: "v1", ServerID: "srv"}}
		}, went, []string{"volume web"}},
		"with a volume of data": {func(c *fakeCloud) {
			c.addVolume("v2", "data", stackhand.Mark{Job: "jobd", Home: "home"}.Metadata())
			c.snaps["sn2"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "sn2", Name: "snapshot for x", VolumeID: "v2", Size: 9, Status: "available"}}
			c.images["i1"].Properties["block_device_mapping"] = `[{"snapshot_id": "sn1", "boot_index": 0}, {"snapshot_id": "sn2", "boot_index": null}]`
		}, ` and the volume snapshot "snapshot for x" (9 GiB, sn2) of the volume data.`, []string{"volume web", "volume data"}},
		"with a volume of somebody else": {func(c *fakeCloud) {
			c.addVolume("v2", "data", nil)
			c.snaps["sn2"] = &fakeSnap{VolumeSnapshot: stackhand.VolumeSnapshot{ID: "sn2", Name: "theirs", VolumeID: "v2", Size: 9, Status: "available"}}
			c.images["i1"].Properties["block_device_mapping"] = `[{"snapshot_id": "sn1", "boot_index": 0}, {"snapshot_id": "sn2", "boot_index": null}]`
		}, went + " The volume web stays, and costs; `volume delete web` removes it.", []string{"volume web", "volume data", "snapshot theirs"}},
		"made elsewhere":                {func(c *fakeCloud) { delete(c.images["i1"].Properties, stackhand.MarkJob) }, stays, nil},
		"of another installation":       {func(c *fakeCloud) { c.images["i1"].Properties[stackhand.MarkHome] = "another" }, stays, nil},
		"of another project":            {func(c *fakeCloud) { c.images["i1"].Owner = "p2" }, stays, nil},
		"with the marks of another":     {func(c *fakeCloud) { c.images["i1"].Properties[stackhand.MarkServer] = "other" }, stays, nil},
		"without a server":              {func(c *fakeCloud) { delete(c.images["i1"].Properties, stackhand.MarkServer) }, stays, nil},
		"without a root":                {func(c *fakeCloud) { c.images["i1"].Properties["block_device_mapping"] = `[{"snapshot_id": "sn1"}]` }, stays, nil},
		"of a volume of nobody":         {func(c *fakeCloud) { c.volumes["v1"].Metadata = nil }, stays, nil},
		"of a volume elsewhere":         {func(c *fakeCloud) { c.volumes["v1"].ProjectID = "p2" }, stays, nil},
		"of another stack":              {func(c *fakeCloud) { c.volumes["v1"].Metadata[stackhand.MarkStack] = "jobz-1" }, stays, nil},
		"a snapshot elsewhere":          {func(c *fakeCloud) { c.snaps["sn1"].ProjectID = "p2" }, stays, nil},
		"a snapshot that somebody made": {func(c *fakeCloud) { c.snaps["sn1"].Metadata = stackhand.Mark{Job: "jobs"}.Metadata() }, stays, nil},
		"another image of it": {func(c *fakeCloud) {
			other := *c.images["i1"]
			other.ID, other.Name = "i2", "other"
			c.images["i2"] = &other
		}, stays, []string{"volume web", "snapshot snapshot for x", "image other"}},
		"storage that builds on it": {func(c *fakeCloud) { c.clones = true }, stays, nil},
		"a snapshot that is gone":   {func(c *fakeCloud) { delete(c.snaps, "sn1") }, "", []string{"volume web"}},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				l, job := trial{prepare: imaged, job: removing(stackhand.KindImage, "i1")}.setUp(t)
				if tt.edit != nil {
					l.cloud.edit(func() { tt.edit(l.cloud) })
				}
				p := l.start()
				if name == "without a server" {
					st := p.stack(lone.Stack)
					st.Server = ""
					if err := p.rec.SaveStack(t.Context(), &st); err != nil {
						t.Fatal(err)
					}
				}
				j := p.run(job)
				if tt.left == nil {
					tt.left = []string{"volume web", "snapshot snapshot for x"}
				}
				l.want(j, stackhand.JobDone, tt.left...)
				if got := said(j); tt.says == "" && got != "" || !strings.Contains(got, tt.says) {
					t.Errorf("said %q, want %q", got, tt.says)
				}
				offered := slices.ContainsFunc(j.Offers, func(o stackhand.Offer) bool { return o.Line == "volume delete v1" && o.Danger })
				if offered != strings.Contains(tt.says, "The volume web stays") && name != "with a volume of data" {
					t.Errorf("offers %+v", j.Offers)
				}
			})
		})
	}
}

// imagedTrial removes both however often the process dies on the way; what the cloud refuses is told.
func imagedTrial() trial {
	return trial{"remove image of volumes", imaged, removing(stackhand.KindImage, "i1"), func(l *lab, _ *process, j stackhand.Job) {
		l.t.Helper()
		left := l.cloud.left()
		if strings.Contains(said(j), "It stood for") {
			left = slices.DeleteFunc(left, func(s string) bool { return s == "snapshot snapshot for x" })
		}
		if !strings.Contains(said(j), "Deleted with it") && !strings.Contains(said(j), "It stood for") && j.RetryOf == "" {
			l.t.Errorf("nothing is said of the snapshot: %s", story(j))
		}
		if slices.Sort(left); j.State != stackhand.JobDone || !slices.Equal(left, []string{"volume web"}) {
			l.t.Errorf("left %q: %s", left, story(j))
		}
	}}
}

// With an image that is protected nothing goes.
func TestAnImageThatIsProtected(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, job := trial{prepare: imaged, job: removing(stackhand.KindImage, "i1")}.setUp(t)
		l.cloud.edit(func() { l.cloud.images["i1"].Protected = true })
		l.want(l.start().run(job), stackhand.JobFailed, "volume web", "snapshot snapshot for x", "image x")
	})
}

// As long as the cloud does not answer for the snapshot the image stays, which names it: trying again finds both. What the cloud refuses stays.
func TestAnImageWithoutItsSnapshot(t *testing.T) {
	for kind, tt := range map[stackhand.Kind]struct {
		state stackhand.JobState
		left  []string
		again []string
	}{
		stackhand.Unavailable: {stackhand.JobFailed, []string{"volume web", "snapshot snapshot for x", "image x"}, []string{"volume web"}},
		stackhand.Forbidden:   {stackhand.JobDone, []string{"volume web", "snapshot snapshot for x"}, nil},
	} {
		synctest.Test(t, func(t *testing.T) {
			l, job := trial{prepare: imaged, job: removing(stackhand.KindImage, "i1")}.setUp(t)
			l.cloud.arm(func(_ int, call string) fault {
				if call == "DeleteVolumeSnapshot" {
					return fault{before: stackhand.Errorf(kind, "no")}
				}
				return fault{}
			})
			p := l.start()
			j := p.run(job)
			l.want(j, tt.state, tt.left...)
			if tt.again == nil {
				return
			}
			l.cloud.arm(nil)
			again, err := p.Retry(t.Context(), job.ID, "U1", false)
			if err != nil {
				t.Fatal(err)
			}
			l.want(p.rested(again.ID), stackhand.JobDone, tt.again...)
		})
	}
}

// What went is told too where the image went at a later attempt only.
func TestAnImageAfterItsSnapshot(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, job := trial{prepare: imaged, job: removing(stackhand.KindImage, "i1")}.setUp(t)
		tries := 0
		l.cloud.arm(func(_ int, call string) fault {
			if call == "DeleteImage" {
				tries++
			}
			if call == "DeleteImage" && tries < 3 {
				return fault{before: stackhand.Errorf(stackhand.Unavailable, "down")}
			}
			return fault{}
		})
		j := l.start().run(job)
		l.want(j, stackhand.JobDone, "volume web")
		if n := strings.Count(said(j), "Deleted with it is the volume snapshot"); n != 1 {
			t.Errorf("said %d times: %q", n, said(j))
		}
	})
}
