package orphan

import (
	"context"
	"errors"
	"fmt"
	"slices"

	"github.com/stackhand/stackhand"
)

// Place is somewhere to look, with whose rights that can be done.
type Place struct {
	At
	User string // whose login it is; "": the bot's own
	Open func(ctx context.Context) (Cloud, error)
}

// Teller looks everywhere from time to time, and tells the admins what it has found, once for each finding. It deletes
// nothing.
type Teller struct {
	Finder
	Places func(ctx context.Context) ([]Place, error)
	// AddNotice writes a message down that is to be sent, once for each id.
	AddNotice func(ctx context.Context, n stackhand.Notice) (fresh bool, err error)
	Noticed   func()
	// Cost says in words what a finding costs; "" where that is not known.
	Cost func(stackhand.Orphan) string
}

// Look looks everywhere once. A place that makes trouble, or a panic, does not stop the others.
func (t *Teller) Look(ctx context.Context) error {
	places, err := t.Places(ctx)
	if err != nil {
		return err
	}
	var errs []error
	var news []stackhand.Orphan
	seen := map[string]bool{}
	for _, p := range places {
		var found []stackhand.Orphan
		err := stackhand.Guarded("looking for orphans in "+p.Cloud, func() (err error) { found, err = t.in(ctx, p); return err })
		if err != nil && !(p.User != "" && stackhand.KindOf(err) == stackhand.Unauthorized) { // a person's login may end: to repeat that helps nobody
			errs = append(errs, fmt.Errorf("look for orphans in %s: %w", p.Cloud, err))
		}
		for _, o := range found {
			if !seen[o.Key()] && o.Ignored == nil && o.Told.IsZero() {
				news = append(news, o)
			}
			seen[o.Key()] = true
		}
	}
	return errors.Join(append(errs, t.tell(ctx, news))...)
}

func (t *Teller) in(ctx context.Context, p Place) ([]stackhand.Orphan, error) {
	c, err := p.Open(ctx)
	if err != nil {
		return nil, err
	}
	found, err := t.Find(ctx, c, p.At)
	return found.Orphans, err
}

// tell writes first to each finding which message tells it, then the message, then that it was told. Cut short anywhere,
// the next look goes on with the same messages, so that nothing is told twice and nothing is left out.
func (t *Teller) tell(ctx context.Context, news []stackhand.Orphan) error {
	fresh := fmt.Sprintf("orphans/%d", t.Now().Unix())
	byNotice := map[string][]stackhand.Orphan{}
	for _, o := range news {
		if o.Notice == "" {
			o.Notice = fresh
			if o.First.IsZero() {
				o.First = t.Now()
			}
			if err := t.Book.SaveOrphan(ctx, &o); err != nil {
				return err
			}
		}
		byNotice[o.Notice] = append(byNotice[o.Notice], o)
	}
	for id, list := range byNotice {
		if err := t.send(ctx, id, list); err != nil {
			return err
		}
		for _, o := range list {
			o.Told = t.Now()
			if err := t.Book.SaveOrphan(ctx, &o); err != nil {
				return err
			}
		}
	}
	return nil
}

// most is how many findings a message names.
const most = 10

func (t *Teller) send(ctx context.Context, id string, list []stackhand.Orphan) error {
	slices.SortStableFunc(list, func(a, b stackhand.Orphan) int { return compare(a, b) })
	_, err := t.AddNotice(ctx, stackhand.Notice{
		ID: id, Admins: true, Text: t.words(list), Created: t.Now(),
		Actions: []stackhand.Action{{ID: "choose", Label: "Show them", Value: "orphans"}},
	})
	if err == nil && t.Noticed != nil {
		t.Noticed()
	}
	return err
}

func compare(a, b stackhand.Orphan) int {
	rank := func(o stackhand.Orphan) int {
		return slices.Index([]string{stackhand.KindServer, stackhand.KindVolume, stackhand.KindFloatingIP, stackhand.KindImage, stackhand.KindSnapshot, stackhand.KindNetwork}, o.Thing.Kind)
	}
	if x, y := rank(a), rank(b); x != y {
		if x < 0 || y >= 0 && y < x {
			return 1
		}
		return -1
	}
	return 0
}

func (t *Teller) words(list []stackhand.Orphan) stackhand.Text {
	n := fmt.Sprintf("%d things", len(list))
	if len(list) == 1 {
		n = "1 thing"
	}
	text := stackhand.Textf("I found %s in the cloud that no record of mine accounts for. Nothing was deleted.", n)
	for _, o := range list[:min(most, len(list))] {
		text = text.Add("\n• %s: %s", o.Title(), o.Why)
		if cost := t.Cost(o); cost != "" {
			text = text.Add(" It costs %s.", cost)
		}
	}
	if more := len(list) - most; more > 0 {
		text = text.Add("\n… and %d more.", more)
	}
	return text.Add("\nSay %s to adopt, delete or ignore them.", stackhand.AsCode("orphans"))
}
