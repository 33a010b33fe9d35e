package orphan_test

import (
	"testing"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/orphan"
)

// archived is a world in which web-7 was archived by the job "arch", two days ago, and went.
func archived() (*orphan.Finder, *book) {
	f, b := world()
	old := t0.Add(-48 * time.Hour)
	b.jobs["arch"] = stackhand.Job{ID: "arch", Flow: "ladder", Title: "Snapshot and delete web-7", State: stackhand.JobDone, Ended: old, Stacks: []string{"arch-1"},
		User: stackhand.User{ID: "UBOT"}, Made: []stackhand.Resource{{Kind: stackhand.KindImage, ID: "img"}}}
	b.jobs["shot"] = stackhand.Job{ID: "shot", Flow: "act", State: stackhand.JobDone, Ended: old, Made: []stackhand.Resource{{Kind: stackhand.KindImage, ID: "mine"}}}
	b.jobs["half"] = stackhand.Job{ID: "half", Flow: "ladder", Title: "Snapshot and delete web-8", State: stackhand.JobFailed, Ended: old, User: stackhand.User{ID: "UA"}}
	st := stackhand.Stack{ID: "arch-1", Name: "web-7", Cloud: "lab", ProjectID: "p", State: stackhand.StackGone, Gone: old, Lease: stackhand.Lease{Owner: "UA"}}
	st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepSnapshot, Job: "arch", At: old, Image: "img"})
	b.stacks["arch-1"] = st
	return f, b
}

func TestImages(t *testing.T) {
	image := func(id, job string, age time.Duration) stackhand.Thing {
		th := thing(stackhand.KindImage, id, stackhand.Mark{Job: job, Home: "home"})
		th.Created = t0.Add(-age)
		return th
	}
	nobodys := func(th stackhand.Thing) stackhand.Thing {
		th.ProjectID = ""
		return th
	}
	part := func(of stackhand.Thing) stackhand.Thing {
		th := thing(stackhand.KindSnapshot, "of-"+of.ID, of.Mark)
		th.Parent, th.Created, th.ProjectID = of.ID, of.Created, of.ProjectID
		return th
	}
	change := func(f func(*stackhand.Stack)) func(*book) {
		return func(b *book) {
			st := b.stacks["arch-1"]
			f(&st)
			b.stacks["arch-1"] = st
		}
	}
	const days = 24 * time.Hour
	for name, c := range map[string]struct {
		thing  stackhand.Thing
		edit   func(*book)
		why    string // "": it is none
		owner  string
		pieces int
	}{
		"restore can use it":          {thing: image("img", "arch", 3*days)},
		"that somebody asked for":     {thing: image("mine", "shot", 3*days)},
		"its record is gone":          {image("img", "arch", 3*days), func(b *book) { delete(b.stacks, "arch-1") }, "No server can be restored from it any more (Snapshot and delete web-7).", "UBOT", 1},
		"its job and record are gone": {image("img", "lost", 3*days), func(b *book) { delete(b.stacks, "arch-1") }, "There is no record of job lost.", "", 1},
		"another one was made since": {image("img", "arch", 3*days), change(func(st *stackhand.Stack) {
			st.Lease.Ladder.Take(stackhand.Rung{Step: stackhand.StepSnapshot, Job: "j2", Image: "img2"})
		}), "No server can be restored from it any more (Snapshot and delete web-7).", "UA", 1},
		"restore looks back no further":                   {image("img", "arch", 3*days), change(func(st *stackhand.Stack) { st.Gone = t0.Add(-orphan.Kept - time.Hour) }), "No server can be restored from it any more (Snapshot and delete web-7).", "UA", 1},
		"whose it is is not told, and restore can use it": {thing: nobodys(image("img", "arch", 3*days))},
		"whose it is is not told, nor who made it":        {thing: nobodys(image("img", "lost", 3*days)), edit: func(b *book) { delete(b.stacks, "arch-1") }},
		"whose it is is not told, and it is of no use":    {nobodys(image("img", "arch", 3*days)), func(b *book) { delete(b.stacks, "arch-1") }, "No server can be restored from it any more (Snapshot and delete web-7).", "UBOT", 1},
		"made, and the answer was lost":                   {image("x", "half", 3*days), nil, "Job half (Snapshot and delete web-8) left it.", "UA", 1},
		"the cloud copied the mark":                       {thing: image("x", "arch", 1*days)},
		"the mark of a failed job, copied":                {thing: image("x", "half", 1*days)},
	} {
		t.Run(name, func(t *testing.T) {
			f, b := archived()
			if c.edit != nil {
				c.edit(b)
			}
			got := find(t, f, c.thing, part(c.thing)).Orphans
			if c.why == "" {
				if len(got) != 0 {
					t.Errorf("found %+v", got)
				}
				return
			}
			if len(got) != 1 || got[0].Why != c.why || len(got[0].With) != c.pieces {
				t.Fatalf("found %+v, want %q", got, c.why)
			}
			if got[0].Owner != c.owner {
				t.Errorf("of %q, want %q", got[0].Owner, c.owner)
			}
		})
	}
}

// The volume of a server that was archived stays for the snapshot that its image is made of, and goes together with them.
func TestVolumesOfImages(t *testing.T) {
	old := t0.Add(-72 * time.Hour)
	img := thing(stackhand.KindImage, "img", stackhand.Mark{Job: "arch", Home: "home"})
	vol := thing(stackhand.KindVolume, "vol", stackhand.Mark{Job: "gone", Stack: "gone-1", Home: "home"})
	shot := thing(stackhand.KindSnapshot, "shot", img.Mark)
	shot.Parent, shot.Of = "img", "vol"
	img.Created, vol.Created, shot.Created = old, old, old
	f, b := archived()
	if got := find(t, f, vol, shot, img).Orphans; len(got) != 0 {
		t.Errorf("restore can use it: %+v", got)
	}
	stranger := img
	stranger.Marked = false
	loose := shot
	loose.Marked = false
	if got := find(t, f, vol, loose, stranger).Orphans; len(got) != 1 || got[0].Title() != "volume vol" {
		t.Errorf("an image that is not ours: %+v", got)
	}
	delete(b.stacks, "arch-1")
	got := find(t, f, vol, shot, img).Orphans
	if len(got) != 1 || got[0].Title() != "image img" || len(got[0].With) != 2 || got[0].With[1].ID != "vol" {
		t.Errorf("nothing can be restored: %+v", got)
	}
}

// A snapshot of a volume that people made stays theirs; one that nothing tells of is found. What both kinds cost is told.
func TestSnapshots(t *testing.T) {
	f, b := archived()
	b.jobs["snap"] = stackhand.Job{ID: "snap", Flow: "make", State: stackhand.JobDone, Ended: t0.Add(-time.Hour), Made: []stackhand.Resource{{Kind: stackhand.KindSnapshot, ID: "wanted"}}}
	wanted := thing(stackhand.KindSnapshot, "wanted", stackhand.Mark{Job: "snap", Home: "home"})
	lone := thing(stackhand.KindSnapshot, "x", stackhand.Mark{Job: "fail", Home: "home"})
	lone.Size = 20
	img := thing(stackhand.KindImage, "i", stackhand.Mark{Job: "lost", Home: "home"})
	img.Bytes = 5 << 29
	got := find(t, f, wanted, lone, img).Orphans
	if len(got) != 2 || got[0].Title() != "volume snapshot x" || got[1].Title() != "image i" {
		t.Fatalf("found %+v", got)
	}
	for i, want := range []float64{20 * 0.001 * 24, 2.5 * 0.002 * 24} {
		cost, known := got[i].PerDay(map[string]float64{stackhand.PriceSnapshotGB: 0.001, stackhand.PriceImageGB: 0.002})
		if d := cost - want; !known || d > 1e-9 || d < -1e-9 {
			t.Errorf("%s costs %v a day, want %v", got[i].Title(), cost, want)
		}
	}
	if _, known := got[0].PerDay(map[string]float64{stackhand.PriceVolumeGB: 1}); known {
		t.Error("a price was made up")
	}
}

// A record is held against its own region only, and one that names none against none where there are several.
func TestRecordsOfOtherRegions(t *testing.T) {
	for name, c := range map[string]struct {
		stack, usual, at string
		regions          []string
		lost             int
	}{
		"its own":                       {"North", "South", "North", []string{"North", "South"}, 1},
		"another one":                   {"North", "South", "South", []string{"North", "South"}, 0},
		"the usual one":                 {"", "South", "South", []string{"North", "South"}, 1},
		"not the usual one":             {"", "South", "North", []string{"North", "South"}, 0},
		"unknown, and there are two":    {"", "", "North", []string{"North", "South"}, 0},
		"unknown, and there is but one": {"", "", "North", []string{"North"}, 1},
	} {
		f, b := world()
		st := b.stacks["live-1"]
		st.Region = c.stack
		b.stacks["live-1"] = st
		got, err := f.Find(t.Context(), &site{region: c.at, regions: c.regions}, orphan.At{Cloud: "lab", Region: c.usual})
		if err != nil || len(got.Orphans) != c.lost {
			t.Errorf("%s: %v, %+v", name, err, got.Orphans)
		}
	}
	// A volume is one of its region, an image the same in all.
	f, _ := world()
	ids := map[string]int{}
	for _, region := range []string{"North", "South"} {
		m := stackhand.Mark{Job: "lost", Home: "home"}
		got, err := f.Find(t.Context(), &site{region: region, things: []stackhand.Thing{thing(stackhand.KindImage, "i", m), thing(stackhand.KindVolume, "v", m)}}, orphan.At{Cloud: "lab", Region: "West"})
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range got.Orphans {
			ids[o.ID]++
		}
	}
	if len(ids) != 3 {
		t.Errorf("ids %v", ids)
	}
}
