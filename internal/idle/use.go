// Package idle finds out whether anybody uses a server: it takes numbers from its cloud, rarely and never more than may be
// taken, keeps a score for each hour in few bytes, and asks the owner of one that does nothing.
package idle

import (
	"context"
	"errors"
	"time"

	"github.com/stackhand/stackhand"
)

// Book is the records of how busy servers are.
type Book interface {
	Activity(ctx context.Context, stack string) (stackhand.Activity, error)
	SaveActivity(ctx context.Context, a *stackhand.Activity) error
}

// useEvery is how exactly the time of the last use is kept: not every line is worth a write.
const useEvery = 5 * time.Minute

// powers are what people do that start or stop a server: a schedule gives way to it.
var powers = map[string]bool{
	stackhand.ActStart: true, stackhand.ActStop: true, stackhand.ActPause: true, stackhand.ActUnpause: true, stackhand.ActSuspend: true,
	stackhand.ActResume: true, stackhand.ActShelve: true, stackhand.ActUnshelve: true, stackhand.ActRebuild: true, "reboot": true,
}

// Used writes down that a person did something with a stack. conflict is what a save matches that somebody else was faster than.
func Used(ctx context.Context, book Book, conflict error, stack, what string, now time.Time) error {
	return change(ctx, book, conflict, stack, func(a *stackhand.Activity) bool {
		if powers[what] {
			a.Powered = now
		} else if now.Sub(a.Used) < useEvery && !a.Used.After(now) {
			return false
		}
		a.Used, a.UsedFor = now, what
		return true
	})
}

// change changes a record, anew where somebody else was faster. f tells whether there is something to write; it may be called
// several times.
func change(ctx context.Context, book Book, conflict error, stack string, f func(*stackhand.Activity) bool) error {
	for try := 0; ; try++ {
		a, err := book.Activity(ctx, stack)
		if err != nil || !f(&a) {
			return err
		}
		if err = book.SaveActivity(ctx, &a); err == nil || try == 5 || conflict == nil || !errors.Is(err, conflict) {
			return err
		}
	}
}
