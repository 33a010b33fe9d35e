package provision_test

import (
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
)

// TestAnAddressThatIsRefusedIsGivenBack makes a floating IP that cannot be attached: nothing of it stays.
func TestAnAddressThatIsRefusedIsGivenBack(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l, job := trial{prepare: ready(), job: on(stackhand.ActAddFloating, func(s *stackhand.ActSpec) { s.External = "other-ext" })}.setUp(t)
		p := l.start()
		j := p.run(job)
		l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
		if len(j.Made) > 0 || !strings.Contains(said(j), "no network that has a router") || len(p.stack("job0-1").Ledger) != len(p.rested("job0").Made) {
			t.Errorf("%s", story(j))
		}
	})
}
