package bot

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// more are further commands of the world.
func (w *world) more(_ context.Context, user stackhand.User, line commands.Line, verb, rest string) (commands.Reply, error) {
	switch verb {
	case "usage":
		return commands.Reply{Text: stackhand.Textf("It cost 6.25 EUR"), Chart: costs()}, nil
	case "url":
		return commands.Reply{Text: stackhand.Textf("https://console/?token=t0p"), Private: true, Public: rest == "--public", Share: "url --public"}, nil
	case "dump":
		return commands.Reply{Text: stackhand.Textf("A dump"), Private: true, File: &commands.File{Name: "dump.txt", Content: []byte("only alice's")}}, nil
	case "broken":
		e := stackhand.Errorf(stackhand.Failed, "No host has room.").Do("Choose a smaller one.")
		e.Detail = "No valid host was found. " + rest
		return commands.Reply{}, e
	case "pick":
		return commands.Reply{Form: pickForm()}, nil
	case "stop", "resize", "lock":
		j := w.begun(user, line, "act", strings.ToUpper(verb[:1])+verb[1:]+" "+rest)
		return commands.Reply{Job: j.ID, Begun: stackhand.Textf("%s: job %s is at work.", j.Title, j.ID)}, nil
	}
	return commands.Reply{Text: stackhand.Textf("did %s", line.Text)}, nil
}

// begun starts a job with one step, once for a line.
func (w *world) begun(user stackhand.User, line commands.Line, flow, title string) stackhand.Job {
	id := commands.JobID(line.Key, 0)
	if j, err := w.mem.Job(context.Background(), id); err == nil {
		return j
	}
	j := job(id, stackhand.JobRunning, stackhand.JobStep{Name: "do", Title: title, State: stackhand.StepRunning})
	j.Flow, j.User, j.Place, j.Line, j.Title, j.Started = flow, user, line.Place, line.Text, title, time.Now()
	w.mem.put(j)
	return j
}

// change changes a job's record and tells the bot.
func (w *world) change(id string, change func(*stackhand.Job)) {
	w.t.Helper()
	j, err := w.mem.Job(context.Background(), id)
	if err != nil {
		w.t.Fatal(err)
	}
	change(&j)
	w.mem.put(j)
	w.bot.Changed(id)
}

// rest ends a job well.
func rest(j *stackhand.Job) {
	j.State, j.Ended = stackhand.JobDone, time.Now()
	for i := range j.Steps {
		j.Steps[i].State, j.Steps[i].Ended = stackhand.StepDone, time.Now()
	}
}

// withdraw takes the offers off a job, as the engine does.
func (m *memory) withdraw(ctx context.Context, id string) error {
	j, err := m.Job(ctx, id)
	if err == nil {
		j.Offers = nil
		m.put(j)
	}
	return err
}

// now is the bot's clock.
func (w *world) now() time.Time {
	w.mu.Lock()
	defer w.mu.Unlock()
	return time.Now().Add(w.ahead)
}

func (w *world) forward(d time.Duration) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.ahead += d
}

func pickForm() *commands.Form {
	return &commands.Form{ID: "pick", Title: "Build", Submit: "Build", Inputs: []commands.Input{
		{ID: "image", Label: "Image", Search: "image@lab"},
		{ID: "flavor", Label: "Flavor", Search: "flavor", Value: "f1", Options: []commands.Option{{Label: "m1.small", Value: "f1"}}},
		{ID: "note", Label: "Note", Optional: true},
	}}
}

// complete lists images; letters that begin with an x stand for what goes wrong.
func (w *world) complete(ctx context.Context, user stackhand.User, search, typed string) ([]commands.Option, error) {
	switch {
	case strings.HasPrefix(typed, "xslow"):
		<-w.hold
	case strings.HasPrefix(typed, "xerror"):
		return nil, stackhand.Errorf(stackhand.Unavailable, "The cloud does not answer.").Do("Try in a minute.")
	case strings.HasPrefix(typed, "xboom"):
		panic("hidden words")
	case strings.HasPrefix(typed, "xmany"):
		var all []commands.Option
		for i := range 150 {
			all = append(all, commands.Option{Label: fmt.Sprint(typed, i), Value: fmt.Sprint("v", i)})
		}
		return append([]commands.Option{{Label: "cut short it would be another", Value: strings.Repeat("v", 80)}}, all...), nil
	}
	all := []commands.Option{{Label: search + " Ubuntu of " + user.Name, Value: "i1"}, {Label: search + " Debian", Value: "i2"}}
	return slices.DeleteFunc(all, func(o commands.Option) bool { return !strings.Contains(o.Label, typed) }), ctx.Err()
}

// picked handles the form of pickForm.
func (w *world) picked(user stackhand.User, values map[string]string, line commands.Line) (commands.Reply, map[string]string, error) {
	if values["note"] == "bad" {
		return commands.Reply{}, map[string]string{"note": "Not this word."}, nil
	}
	j := w.begun(user, line, "create", "Build "+values["image"]+" "+values["flavor"])
	return commands.Reply{Job: j.ID, Begun: stackhand.Textf("%s: job %s is at work.", j.Title, j.ID)}, nil, nil
}
