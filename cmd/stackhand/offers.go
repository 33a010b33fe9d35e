package main

import (
	"context"
	"errors"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// holders are the people who are logged in to a cloud as one of its users.
func (a *app) holders(ctx context.Context, cloud, cloudUser string) ([]string, error) {
	creds, err := a.store.AllCredentials(ctx)
	var out []string
	for _, c := range creds {
		if c.Cloud == cloud && cloudUser != "" && c.Identity.UserID == cloudUser && !slices.Contains(out, c.User) {
			out = append(out, c.User)
		}
	}
	return out, err
}

// endOffers ends the offers that nobody answered in time, and tells who made them.
func (a *app) endOffers(ctx context.Context) error {
	due, err := a.store.AnswerableNotices(ctx, a.now())
	errs := []error{err}
	for _, n := range due {
		errs = append(errs, a.endOffer(ctx, n))
	}
	if len(due) > 0 {
		a.bot.Noticed()
	}
	return errors.Join(errs...)
}

// endOffer tells first: what is told twice is told once, by its id.
func (a *app) endOffer(ctx context.Context, n stackhand.Notice) error {
	told, err := a.offerers(ctx, n)
	if err != nil {
		return err
	}
	for _, who := range told {
		_, err := a.store.AddNotice(ctx, stackhand.Notice{ID: "over/" + n.ID + "/" + who, Job: n.Job, User: who, Text: n.Over, Created: a.now()})
		if err != nil {
			return err
		}
	}
	_, err = a.store.ChangeNotice(ctx, n.ID, func(n *stackhand.Notice) error {
		if len(n.Actions) > 0 {
			n.Text, n.Actions, n.Stale = n.Over, nil, true
		}
		return nil
	})
	return err
}

// offerers are those who are told that an offer has ended: nobody if it was answered, and only its messages do not say so yet.
func (a *app) offerers(ctx context.Context, n stackhand.Notice) ([]string, error) {
	id, is := strings.CutPrefix(n.ID, "offer/")
	if !is {
		return []string{n.By}, nil
	}
	stack, _, _ := strings.Cut(id, ".")
	st, err := a.store.Stack(ctx, stack)
	if isNotFound(err) {
		return nil, nil
	}
	t := st.Transfer
	if err != nil || t == nil || t.ID != id || t.State != stackhand.TransferOpen || st.State == stackhand.StackGone {
		return nil, err
	}
	return t.Offerers(), nil
}
