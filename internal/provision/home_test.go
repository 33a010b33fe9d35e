package provision_test

import (
	"context"
	"strings"
	"testing"
	"testing/synctest"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/provision"
)

// Somebody logs in to another project after their server was made: what is not to be seen from there is not gone.
func TestAnotherProjectsLoginRemovesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		l.want(p.run(jobOf("job1", provision.FlowCreate, spec())), stackhand.JobDone, whole("stackhand-auto", "web")...)
		l.cloud.edit(func() { l.cloud.elsewhere = true })
		j := p.run(deleteOf("del1", "job1-1"))
		l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
		if j.Problem.Kind != stackhand.Unauthorized || !strings.Contains(j.Problem.Msg, "team-a") || !strings.Contains(j.Problem.Next, "Log in to team-a") {
			t.Errorf("problem %+v", j.Problem)
		}
		if st := p.stack("job1-1"); st.State != stackhand.StackReady || len(st.Ledger) == 0 || st.Busy != "" {
			t.Errorf("stack %+v", st)
		}
		if j := p.run(jobOf("reb1", provision.FlowReboot, stackhand.RebootSpec{Cloud: "lab", Stack: "job1-1", Server: p.stack("job1-1").Server, Name: "web"})); j.State != stackhand.JobFailed || l.cloud.reboots != 0 {
			t.Errorf("rebooted %d times: %s", l.cloud.reboots, story(j))
		}
		l.cloud.edit(func() { l.cloud.elsewhere = false })
		l.want(p.run(deleteOf("del2", "job1-1")), stackhand.JobDone)
		l.cloud.edit(func() { l.cloud.elsewhere = true })
		if j := p.run(deleteOf("del3", "job1-1")); j.State != stackhand.JobDone || !strings.Contains(strings.Join(j.Notes, " "), "gone already") {
			t.Errorf("the deletion of what is gone: %s", story(j))
		}
	})
}

// An administrator of the cloud sees everything by its id, wherever the login is to.
func TestAnAdministratorDeletesFromAnotherProject(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		p := l.start()
		l.want(p.run(jobOf("job1", provision.FlowCreate, spec())), stackhand.JobDone, whole("stackhand-auto", "web")...)
		l.cloud.edit(func() { l.cloud.elsewhere, l.cloud.roles = true, []string{"member", "Admin"} })
		l.want(p.run(deleteOf("del1", "job1-1")), stackhand.JobDone)
	})
}

// Nothing is made, and nothing looked for, in another project than the one that was meant.
func TestAnotherProjectsLoginMakesNothing(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		l := newLab(t)
		l.cloud.buildFault = "boom"
		p := l.start()
		job := jobOf("job1", provision.FlowCreate, spec())
		job.Keep = true
		l.want(p.run(job), stackhand.JobKept, whole("stackhand-auto", "web")...)
		second := spec()
		second.Name = "db"
		l.want(p.run(jobOf("job2", provision.FlowCreate, second)), stackhand.JobUndone, whole("stackhand-auto", "web")...)
		l.cloud.edit(func() { l.cloud.elsewhere, l.cloud.roles = true, []string{"admin"} })
		for name, start := range map[string]func(context.Context, string, string) (stackhand.Job, error){
			"retry": func(ctx context.Context, _, user string) (stackhand.Job, error) {
				return p.Retry(ctx, "job2", user, false)
			},
			"cleanup": p.Cleanup,
		} {
			next, err := start(context.Background(), "job1", "U1")
			if err != nil {
				t.Fatal(name, err)
			}
			j := p.rested(next.ID)
			l.want(j, stackhand.JobFailed, whole("stackhand-auto", "web")...)
			if j.Problem.Kind != stackhand.Unauthorized {
				t.Errorf("%s: problem %+v", name, j.Problem)
			}
		}
	})
}
