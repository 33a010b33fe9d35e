package lease

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stackhand/stackhand"
)

// Rules that are broken on purpose are found out within weeks: by the sweeps, or in the flows.
func TestYearFindsOut(t *testing.T) {
	each := func(do func(y *year, s *Sweeper)) func(*year) {
		return func(y *year) {
			for _, s := range y.bots {
				do(y, s)
			}
		}
	}
	rules := func(do func(r *Rules)) func(*year) {
		return func(y *year) {
			do(&y.rules)
			each(func(y *year, s *Sweeper) {
				limits := s.Rules.Limits
				s.Rules = y.rules
				s.Rules.Wait, s.Rules.Limits = yearWait, limits
			})(y)
		}
	}
	for name, c := range map[string]struct {
		edit func(y *year)
		want string
	}{
		"days off are not looked at":           {rules(func(r *Rules) { r.Calendar = nil }), "on a day off"},
		"a notice is too short":                {rules(func(r *Rules) { r.Notice = 0 }), "nobody was told"},
		"there is no time of grace":            {rules(func(r *Rules) { r.Ladders = graceless() }), "although it has time until"},
		"images are not made":                  {rules(func(r *Rules) { r.Ladders[1].Snapshot = false }), "an image was made: false"},
		"addresses are freed":                  {rules(func(r *Rules) { r.Ladders[1].FreeIP = true }), "lost its address"},
		"extensions are not counted":           {rules(func(r *Rules) { r.Budget = stackhand.Extensions{} }), "was extended"},
		"there is no brake":                    {each(func(_ *year, s *Sweeper) { s.Rules.Limits = Limits{} }), "the brake let"},
		"per cent are not counted":             {each(func(_ *year, s *Sweeper) { s.Rules.Limits.Percent = 0 }), "the brake let"},
		"each process has a brake of its own":  {func(y *year) { y.bots[1].Guard.Book, y.twins = &brakes{servers: 150}, 1 }, "the brake let"},
		"what was sent counts as delivered":    {each(func(y *year, s *Sweeper) { s.Book, y.slackUp = credulous{y}, y.now.Add(240*time.Hour) }), "nobody was told"},
		"a freeze is not asked for":            {each(func(y *year, s *Sweeper) { s.Frozen, y.disk.frozen = nil, true }), "in a freeze"},
		"what follows on a freeze is left out": {each(func(y *year, s *Sweeper) { s.Guard.Book, y.disk.frozen = gapless{y}, true }), "since a freeze was lifted"},
		"nobody asks who is away":              {each(func(y *year, s *Sweeper) { s.Away = nil; y.absent["U01"] = absence{since: y.now} }), "while its owner is away"},
		"the first day is as others":           {each(func(_ *year, s *Sweeper) { s.Rules.Dry = new(bool) }), "in a dry run"},
		"hold is not heard": {each(func(y *year, s *Sweeper) {
			s.Guard.Book = deaf{y}
			y.setDry(new(bool))
			y.disk.brake.Held = stackhand.Freeze{At: y.now}
		}), "somebody holds the ladder"},
		"the cloud is not asked who runs":      {each(func(y *year, s *Sweeper) { s.Server, y.dozy = nil, true }), "while it ran"},
		"flows do not look whose server it is": {func(y *year) { y.blind = true }, "is not ours"},
		"flows do not look what was extended":  {func(y *year) { y.rash, y.takes = true, 300 }, "nobody was told"},
		"flows come when they come":            {func(y *year) { y.slow, y.takes = true, 300 }, "on a day off"},
		"data is not named":                    {each(func(y *year, s *Sweeper) { s.Jobs = greedy{y} }), "the data of"},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			servers := 150
			if strings.Contains(name, "data") {
				servers = 300 // such are rare
			}
			var faults []string
			for seed := range uint64(4) { // chance has its part in it
				y := newYear(t, seed+1, servers)
				c.edit(y)
				y.live(t.Context(), 60, false)
				if faults = append(faults, y.faults...); slices.ContainsFunc(y.faults, func(f string) bool { return strings.Contains(f, c.want) }) {
					return
				}
			}
			t.Errorf("nothing was found out; found %q", faults)
		})
	}
}

func graceless() []Ladder {
	l := yearLadders()
	for i := range l {
		l[i].Grace = 0
	}
	return l
}

// credulous takes every notice for delivered.
type credulous struct{ *year }

func (c credulous) Notice(ctx context.Context, id string) (stackhand.Notice, error) {
	n, err := c.year.Notice(ctx, id)
	if n.Delivered.IsZero() {
		n.Delivered = c.clock()
	}
	return n, err
}

// gapless forgets that there was a freeze.
type gapless struct{ *year }

func (g gapless) SaveBrake(ctx context.Context, b *stackhand.Brake) error {
	b.Gap, b.Frozen = time.Time{}, false
	return g.year.SaveBrake(ctx, b)
}

// deaf does not hear that somebody holds the ladder.
type deaf struct{ *year }

func (d deaf) Brake(ctx context.Context) (stackhand.Brake, error) {
	b, err := d.year.Brake(ctx)
	b.Held = stackhand.Freeze{}
	return b, err
}

func (d deaf) SaveBrake(ctx context.Context, b *stackhand.Brake) error {
	b.Held = d.disk.brake.Held
	return d.year.SaveBrake(ctx, b)
}

// greedy takes all volumes along.
type greedy struct{ *year }

func (g greedy) Start(ctx context.Context, j stackhand.Job, s ...stackhand.Stack) (stackhand.Job, error) {
	j.Input = []byte(strings.Replace(string(j.Input), `"keep_volumes":true`, `"keep_volumes":false`, 1))
	return g.year.Start(ctx, j, s...)
}
