package main

import (
	"cmp"
	"context"
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/idle"
	"github.com/stackhand/stackhand/internal/loop"
)

// loops are the parts of the bot's work that nobody asks for.
func (a *app) loops() []loop.Part {
	return []loop.Part{
		// What was approved just before the bot stopped is begun first.
		{Name: "approvals", Every: a.sweep, Begin: a.asked.Sweep, Turn: a.asked.Sweep},
		{Name: "chores", Every: a.sweep, Begin: a.chores.Begin, Turn: a.chores.Look},
		{Name: "leases", Every: a.sweep, Turn: a.sweeper.Sweep},
		{Name: "idle", Every: "@every " + idle.Tick.String(), Turn: a.watcher.Sweep},
		{Name: "schedules", Every: a.sweep, Turn: a.keeper.Sweep},
		{Name: "upkeep", Every: a.sweep, Turn: a.tend},
	}
}

// runner runs them, and what else has to go on whatever happens.
func (a *app) runner() loop.Runner { return loop.Runner{Log: a.log, Panicked: a.panicked} }

// doing says in words what a part of that work does.
var doing = map[string]string{
	"approvals": "looking after requests for approval",
	"audit":     "writing to the audit trail how jobs ended",
	"chores":    "doing what is due daily or weekly",
	"commands":  "carrying out what somebody asked for",
	"idle":      "watching how busy servers are",
	"jobs":      "working on a job",
	"leases":    "looking after the ends of servers",
	"reload":    "reading the configuration anew",
	"schedules": "stopping and starting servers by the clock",
	"slack":     "reading or writing messages",
	"upkeep":    "doing upkeep",
}

// goesOn says how it goes on after a panic in a part, where that is not in turns.
var goesOn = map[string]string{
	"commands": "Whoever asked was told, and the rest goes on; the same line may come to the same until the program is mended.",
	"jobs":     "The rest goes on; the messages of the job say how it stands.",
}

// panicked logs what panicked, counts it, and tells the administrators.
func (a *app) panicked(ctx context.Context, part string, found []*stackhand.Panic) string {
	ref := stackhand.LogPanics(a.log)(ctx, part, found)
	a.metrics.panics.WithLabelValues(part).Add(float64(len(found)))
	err := stackhand.Guarded("", func() error { return a.tellPanics(ctx, part, ref, found) }) // the store may be what panics
	if err != nil && ctx.Err() == nil {
		a.log.ErrorContext(ctx, "the administrators cannot be told of a panic", "part", part, "ref", ref, "err", err)
	}
	return ref
}

// mostNamed is how many things the administrators are told by name.
const mostNamed = 5

// tellPanics tells the administrators, once a day for each part: whatever panics does so with every turn, until the program is mended.
func (a *app) tellPanics(ctx context.Context, part, ref string, found []*stackhand.Panic) error {
	var of []string
	for _, p := range found {
		if p.Of != "" {
			of = append(of, p.Of)
		}
	}
	text := stackhand.Textf("A mistake in my program stopped me while I was %s", cmp.Or(doing[part], "doing "+part))
	if more := len(of) - mostNamed; more > 0 {
		of = append(of[:mostNamed], fmt.Sprintf("%d more", more))
	}
	if len(of) > 0 {
		text = text.Add(" (%s)", strings.Join(of, ", "))
	}
	now := a.now()
	fresh, err := a.store.AddNotice(ctx, stackhand.Notice{
		ID: fmt.Sprintf("panic/%s/%s", part, now.UTC().Format("2006-01-02")), Admins: true, Created: now,
		Text: text.Add(". "+cmp.Or(goesOn[part], "The rest goes on, and I try that again, but it may not be done before the program is mended.")+
			" Whoever runs this bot finds the cause in the log, at the reference %s. You hear of this once a day at most.", stackhand.AsCode(ref)),
	})
	if fresh {
		a.noticed()
	}
	return err
}
