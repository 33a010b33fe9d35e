package commands

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// giveStrays puts servers into the world that were made elsewhere: one of alice's, one that orphans finds, and one that she
// has adopted.
func giveStrays(w *world) {
	w.cloud.who.UserID = "u-alice"
	for id, name := range map[string]string{"srv-stray": "stray", "id-aaaaaaaa": "old-1"} {
		w.cloud.servers = append(w.cloud.servers, stackhand.Server{ID: id, Name: name, Status: "ACTIVE", UserID: "u-alice", ProjectID: teamA})
	}
	st := w.give("U0ALICE", "lent")
	w.jobs[st.Job] = stackhand.Job{ID: st.Job, Flow: "adopt", State: stackhand.JobDone, User: alice}
}

func init() {
	for name, line := range map[string]string{
		"adopt": "adopt stray", "release": "release lent", "orphans adopt": "orphans adopt aaaaaaaa", "orphans delete": "orphans delete aaaaaaaa",
		"orphans ignore": "orphans ignore aaaaaaaa", "orphans forget": "orphans forget dddddddd",
	} {
		c := gated[name]
		c.line = line
		gated[name] = c
	}
}

func TestAdopt(t *testing.T) {
	w, env := newWorld()
	giveStrays(w)
	r, err := say(t, env, alice, "adopt stray --for 2d")
	if err != nil {
		t.Fatal(err)
	}
	job, st := w.jobs[r.Job], w.stacks[r.Job+"-1"]
	var spec stackhand.AdoptSpec
	if err := json.Unmarshal(job.Input, &spec); err != nil || spec.Server != "srv-stray" || spec.Owner != alice.ID || spec.For != 48*time.Hour || job.Flow != "adopt" {
		t.Errorf("%v, %+v", err, job)
	}
	if st.State != stackhand.StackBuilding || st.Busy != job.ID || st.Lease.Owner != alice.ID || st.Name != "stray" {
		t.Errorf("%+v", st)
	}
	again, err := say(t, env, alice, "adopt stray --for 2d") // delivered again
	if err != nil || again.Job != r.Job || len(w.jobs) != 2 {
		t.Errorf("%s, %d jobs", told(again, err), len(w.jobs))
	}
}

func TestAdoptRefuses(t *testing.T) {
	for name, c := range map[string]struct {
		user stackhand.User
		line string
		edit func(w *world, env *Env, sv *stackhand.Server)
		want string
	}{
		"yours already":      {alice, "adopt lent", nil, "lent is yours already, until"},
		"somebody else's":    {bob, "adopt lent", func(w *world, _ *Env, _ *stackhand.Server) { w.login[bob.ID] = "bob" }, "lent belongs to U0ALICE already"},
		"of another user":    {alice, "adopt stray", func(_ *world, _ *Env, sv *stackhand.Server) { sv.UserID = "u-bob" }, "stray was made by another user of the cloud than alice"},
		"being built":        {alice, "adopt stray", func(_ *world, _ *Env, sv *stackhand.Server) { sv.Status = "BUILD" }, "being built or deleted"},
		"being deleted":      {alice, "adopt stray", func(_ *world, _ *Env, sv *stackhand.Server) { sv.Task = "deleting" }, "being built or deleted"},
		"in another project": {dana, "adopt stray", func(_ *world, _ *Env, sv *stackhand.Server) { sv.ProjectID = "p-other" }, "stray is in the project p-other, which is another one than your team-a"},
		"for too long":       {alice, "adopt stray --for 90d", nil, "at most"},
		"not there":          {alice, "adopt nothing", nil, "nothing"},
		"without a name":     {alice, "adopt", nil, "Which server"},
		"on a shared login": {alice, "adopt stray", func(_ *world, env *Env, _ *stackhand.Server) {
			lab := env.Settings.Clouds["lab"]
			lab.Service = true
			env.Settings.Clouds["lab"] = lab
		}, "Ask an administrator"},
	} {
		t.Run(name, func(t *testing.T) {
			w, env := newWorld()
			giveStrays(w)
			if c.edit != nil {
				w.change("stray", func(sv *stackhand.Server) { c.edit(w, env, sv) })
			}
			before := w.state()
			r, err := say(t, env, c.user, c.line)
			expect(t, told(r, err), c.want)
			if w.state() != before {
				t.Error("something was changed all the same")
			}
		})
	}
}

func TestRelease(t *testing.T) {
	w, env := newWorld()
	giveStrays(w)
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, alice, "release web-1")
	expect(t, told(r, err), "web-1 was made here and not adopted, so it keeps its end", "`delete web-1` takes it down")
	r, err = say(t, env, alice, "release stray")
	expect(t, told(r, err), "stray is under no lease here")
	w.login[bob.ID] = "bob"
	r, err = say(t, env, bob, "release lent")
	expect(t, told(r, err), "belongs to U0ALICE")
	for name, want := range map[string]string{"web-1": "Made for it: ", "lent": "Uses: "} {
		r, err = say(t, env, alice, "show "+name)
		expect(t, told(r, err), want)
	}
	r, err = say(t, env, alice, "unadopt lent")
	if err != nil || w.jobs[r.Job].Flow != "release" {
		t.Errorf("%s: %+v", told(r, err), w.jobs[r.Job])
	}
}

// What is no server goes onto the record of the one for which it was made, or of one that is named.
func TestOrphansAdopt(t *testing.T) {
	w, env, o := orphanWorld()
	giveStrays(w)
	web := w.give("U0ALICE", "web-1")
	ip := o.at["lab "+teamA][1]
	ip.ID, ip.Owner, ip.Thing.ID, ip.Thing.Mark.Stack = "ffffffff", alice.ID, "ip-f", web.ID
	lone, image := ip, ip
	lone.ID, lone.Thing.ID, lone.Thing.Mark.Stack = "gggggggg", "ip-g", "gone-1"
	image.ID, image.Thing.ID, image.Thing.Kind = "hhhhhhhh", "img-h", stackhand.KindImage
	shot := image
	shot.ID, shot.Thing.ID, shot.Thing.Kind = "jjjjjjjj", "snap-j", stackhand.KindSnapshot
	o.at["lab "+teamA] = append(o.at["lab "+teamA], ip, lone, image, shot)
	for line, want := range map[string]string{
		"orphans adopt ffffffff":            "The floating ip 203.0.113.9 is on the record of web-1 now, and goes when that goes",
		"orphans adopt gggggggg":            "for which the floating ip 203.0.113.9 was made is gone",
		"orphans adopt gggggggg --to web-1": "on the record of web-1 now",
		"orphans adopt gggggggg --to stray": "stray was not made here",
		"orphans adopt dddddddd":            "web-8 has a record already",
		"orphans adopt hhhhhhhh":            "An image goes with no server.\n *`create NAME --image img-h` makes",
		"orphans adopt jjjjjjjj --to web-1": "A snapshot of a volume goes with no server.\n *`volume create NAME --snapshot snap-j` makes",
		"orphans adopt aaaaaaaa --for 90d":  "at most",
		"orphans adopt aaaaaaaa --for 3d":   "Adopt old-1: job",
		"orphans adopt bbbbbbbb --to web-1": "was not made for you",
	} {
		r, err := say(t, env, alice, line)
		expect(t, told(r, err), want)
	}
	if len(w.decided) != 2 {
		t.Errorf("decided %q", w.decided)
	}
}
