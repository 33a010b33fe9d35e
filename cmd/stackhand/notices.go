package main

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	"github.com/stackhand/stackhand/store"
)

// notices is the record of notices, as the commands see it.
type notices struct {
	*store.Store
	noticed func() // has the bot look at them
}

var _ commands.Notices = notices{}

// AddNotice writes a notice down. One about a server goes to the thread of that server's card, where there is one.
func (n notices) AddNotice(ctx context.Context, it stackhand.Notice) (bool, error) {
	if it.Job != "" && it.Place.Channel != "" && it.Place.Thread == "" {
		r, err := n.Report(ctx, it.Job)
		if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
			return false, err
		}
		if r.Card.TS != "" {
			it.Place.Direct = it.Place.Direct && it.Place.Channel == r.Card.Channel
			it.Place.Channel, it.Place.Thread = r.Card.Channel, r.Card.TS
		}
	}
	fresh, err := n.Store.AddNotice(ctx, it)
	if err == nil {
		n.noticed()
	}
	return fresh, err
}

// ChangeNotice changes a notice, and has the bot look whether its messages say so.
func (n notices) ChangeNotice(ctx context.Context, id string, change func(*stackhand.Notice) error) (stackhand.Notice, error) {
	it, err := n.Store.ChangeNotice(ctx, id, change)
	if err == nil {
		n.noticed()
	}
	return it, err
}

// ReviseNotice has a notice say something else.
func (n notices) ReviseNotice(ctx context.Context, id string, text stackhand.Text, actions ...stackhand.Action) error {
	err := n.Store.ReviseNotice(ctx, id, text, actions...)
	if err == nil {
		n.noticed()
	}
	return err
}
