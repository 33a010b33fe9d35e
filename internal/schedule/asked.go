package schedule

import (
	"context"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// own opens the cloud with the bot's own login.
func (r *round) own(ctx context.Context) (Cloud, error) {
	return asked(ctx, r, func(ctx context.Context) (Cloud, error) { return r.o.Own(ctx, r.s.Cloud, r.s.Scope) })
}

// asked is what a cloud answers to a question, while others have the turn. One that has given no answer some times in a sweep is not asked in
// it any more, nor is any once that has taken long enough: as after no answer, whatever waits for it is looked at again some minutes later.
func asked[T any](ctx context.Context, r *round, question func(context.Context) (T, error)) (answer T, err error) {
	at := siteOf(*r.s)
	if r.sweep.silent[at] >= abreast.SilentAfter || r.sweep.late() {
		return answer, stackhand.Errorf(stackhand.Unavailable, "%s gives no answer.", r.s.Cloud)
	}
	r.sweep.turn.Away(func() {
		look, cancel := context.WithTimeout(ctx, abreast.LookFor)
		defer cancel()
		answer, err = question(look)
	})
	if stackhand.Temporary(err) {
		r.sweep.silent[at]++
	}
	return answer, err
}
