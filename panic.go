package stackhand

import (
	"cmp"
	"context"
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"log/slog"
	"runtime/debug"
	"sync"
)

// Panic is what work ended with that panicked: a mistake in the program. Its words are for the log, never for people; whoever does the work
// sees to it that the stack is logged, too.
type Panic struct {
	Of    string // what it happened to, such as "the lease of web-1", for administrators; "" where who asked is told
	Value any
	Stack []byte // of the goroutine in which it happened
}

func (p *Panic) Error() string { return fmt.Sprintf("panic: %v", p.Value) }

// Guarded does work, and answers a *Panic where that panics: so it is the trouble of that work alone, and not the end of the process,
// which would begin anew and come to the same at once.
func Guarded(of string, work func() error) (err error) {
	defer func() {
		v := recover()
		if p, passed := v.(*Panic); passed { // by Wait, from where it happened
			err = &Panic{Of: cmp.Or(p.Of, of), Value: p.Value, Stack: p.Stack}
		} else if v != nil {
			err = &Panic{Of: of, Value: v, Stack: debug.Stack()}
		}
	}()
	return work()
}

// Panics are all that err is of, however it is wrapped and joined.
func Panics(err error) (all []*Panic) {
	switch e := err.(type) {
	case *Panic:
		return []*Panic{e}
	case interface{ Unwrap() error }:
		return Panics(e.Unwrap())
	case interface{ Unwrap() []error }:
		for _, part := range e.Unwrap() {
			all = append(all, Panics(part)...)
		}
	}
	return all
}

// Panicked is told of what panicked in a part of the program's work: to log it with its stack, and to tell whoever looks after the program.
// ref is under what the log has it, for people.
type Panicked func(ctx context.Context, part string, found []*Panic) (ref string)

// LogPanics is a Panicked that logs, and does nothing else.
func LogPanics(log *slog.Logger) Panicked {
	return func(ctx context.Context, part string, found []*Panic) string {
		var b [4]byte
		_, _ = rand.Read(b[:]) // never fails, by its contract
		ref := hex.EncodeToString(b[:])
		for _, p := range found {
			log.ErrorContext(ctx, "a panic was caught", "part", part, "ref", ref, "of", p.Of, "panic", fmt.Sprint(p.Value), "stack", string(p.Stack))
		}
		return ref
	}
}

// Group does work side by side. What panics in one part of it panics in whoever waits for all, who is guarded, where the process would end.
type Group struct {
	crew crew
	mu   sync.Mutex
	bad  *Panic // the first
}

// crew is what golang.org/x/sync/errgroup has.
type crew interface {
	Go(work func() error)
	Wait() error
}

// Guarding is a Group over an errgroup.Group, which decides how many parts are done at once and what their errors come to.
func Guarding(c crew) *Group { return &Group{crew: c} }

// Go does a part of the work, and Wait waits for all of it.
func (g *Group) Go(work func() error) {
	g.crew.Go(func() error {
		err := Guarded("", work)
		if bad, panicked := err.(*Panic); panicked {
			g.mu.Lock()
			defer g.mu.Unlock()
			g.bad = cmp.Or(g.bad, bad)
		}
		return err
	})
}

// Wait answers the first error, once every part is over. It panics where one of them did, so that nobody takes that for an answer.
func (g *Group) Wait() error {
	err := g.crew.Wait()
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.bad != nil {
		panic(g.bad)
	}
	return err
}
