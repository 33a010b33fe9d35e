package abreast_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/abreast"
)

// Sites do not wait for each other, of one so many lines are waited for at once, and only one at a time acts.
func TestDo(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		began := time.Now()
		var turn abreast.Turn
		waiting, most := map[string]int{}, map[string]int{}
		over := map[string]time.Duration{}
		sites := map[abreast.Site][]string{}
		for _, cloud := range []string{"quick", "slow"} {
			for n := range 10 {
				at := abreast.Site{Cloud: cloud}
				sites[at] = append(sites[at], fmt.Sprint(cloud, " ", n))
			}
		}
		err := abreast.Do(sites, func(line string) error {
			cloud, _, _ := strings.Cut(line, " ")
			return turn.Take(func() error {
				waiting[cloud]++
				most[cloud] = max(most[cloud], waiting[cloud])
				turn.Away(func() { <-time.After(map[string]time.Duration{"quick": time.Second, "slow": time.Minute}[cloud]) })
				waiting[cloud]--
				over[cloud] = time.Since(began)
				return nil
			})
		})
		if err != nil || most["quick"] != abreast.Most || most["slow"] != abreast.Most {
			t.Errorf("%v, at once: %v", err, most)
		}
		if over["quick"] != 3*time.Second || over["slow"] != 3*time.Minute {
			t.Errorf("over after %v", over)
		}
	})
}

// What goes wrong with one, also while it does not have the turn, is no reason to leave the others, and all of it is told.
func TestDoWithTrouble(t *testing.T) {
	var turn abreast.Turn
	done, late := 0, errors.New("late")
	err := abreast.Do(map[abreast.Site][]int{{Cloud: "a"}: {1, 2, 3}, {Cloud: "b", Region: "west"}: {4, 5, 6}}, func(n int) error {
		return turn.Take(func() error {
			switch n {
			case 1:
				panic("no such thing")
			case 2:
				turn.Away(func() { panic("neither") })
			case 4:
				return late
			}
			done++
			return nil
		})
	})
	if found := stackhand.Panics(err); len(found) != 2 || !errors.Is(err, late) || done != 3 {
		t.Errorf("%v, %d done", err, done)
	}
}
