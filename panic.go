package stackhand

import (
	"fmt"
	"runtime/debug"
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
		if v := recover(); v != nil {
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

// Group does work side by side: what panics in one part of it is an error of that part, as Guarded has it, where the process would end.
type Group struct{ crew crew }

// crew is what golang.org/x/sync/errgroup has.
type crew interface {
	Go(work func() error)
	Wait() error
}

// Guarding is a Group over an errgroup.Group, which decides how many parts are done at once and what their errors come to.
func Guarding(c crew) Group { return Group{c} }

// Go does a part of the work, and Wait waits for all of it.
func (g Group) Go(work func() error) { g.crew.Go(func() error { return Guarded("", work) }) }

// Wait answers the first error, once every part is over.
func (g Group) Wait() error { return g.crew.Wait() }
