package stackhand

import (
	"errors"
	"fmt"
	"strings"
	"testing"
)

func TestGuarded(t *testing.T) {
	late := errors.New("late")
	if err := Guarded("", func() error { return late }); err != late {
		t.Errorf("an error became %v", err)
	}
	if err := Guarded("", func() error { return nil }); err != nil {
		t.Errorf("nothing became %v", err)
	}
	one := Guarded("the first", func() error { panic("no such thing") })
	two := Guarded("the second", func() error {
		none := strings.Fields("")
		return errors.New(none[len(none)])
	})
	err := fmt.Errorf("a sweep: %w", errors.Join(late, fmt.Errorf("web-1: %w", one), Errorf(Internal, "Something went wrong.").Because(two)))
	if !strings.Contains(err.Error(), "web-1: panic: no such thing") {
		t.Errorf("it says %v", err)
	}
	found := Panics(err)
	if len(found) != 2 || found[0].Of != "the first" || found[1].Of != "the second" {
		t.Fatalf("found %v", found)
	}
	for _, p := range found {
		if !strings.Contains(string(p.Stack), "panic_test.go") {
			t.Errorf("the stack of %s does not lead here: %s", p.Of, p.Stack)
		}
	}
	if more := Panics(errors.Join(late, nil)); len(more) != 0 || Panics(nil) != nil {
		t.Errorf("found %v", more)
	}
}

// together runs parts of work one after the other, and answers what they came to.
type together []error

func (c *together) Go(work func() error) { *c = append(*c, work()) }
func (c *together) Wait() error          { return errors.Join(*c...) }

func TestAPartOfAGroupThatPanics(t *testing.T) {
	late, done := errors.New("late"), false
	g := Guarding(&together{})
	g.Go(func() error { panic("no such thing") })
	g.Go(func() error { return late })
	g.Go(func() error { done = true; return nil })
	err := Guarded("the sweep", func() error {
		_ = g.Wait() // whoever makes nothing of errors does not hide it
		return nil
	})
	found := Panics(err)
	if len(found) != 1 || !done || found[0].Of != "the sweep" || found[0].Value != "no such thing" || !strings.Contains(string(found[0].Stack), "TestAPartOfAGroupThatPanics.func1") {
		t.Errorf("it came to %v", err)
	}
	fine := Guarding(&together{})
	fine.Go(func() error { return late })
	if err := fine.Wait(); !errors.Is(err, late) {
		t.Errorf("an error became %v", err)
	}
}
