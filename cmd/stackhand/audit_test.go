package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/secret"
	"github.com/stackhand/stackhand/store"
	"github.com/stackhand/stackhand/store/storetest"
)

// recorder is an app with nothing but its records.
func recorder(t *testing.T) (*app, *storetest.Memory) {
	t.Helper()
	m := storetest.NewMemory()
	s, err := store.New(t.Context(), m, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	at := time.Date(2026, 11, 21, 9, 0, 0, 0, time.UTC)
	w := world{now: func() time.Time { at = at.Add(time.Second); return at }, redact: &secret.Redactor{}, log: slog.New(slog.DiscardHandler)}
	return &app{world: w, store: s, metrics: newMetrics(), ended: make(chan struct{}, 1)}, m
}

func (a *app) must(t *testing.T, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}

// trail is what is written, oldest first.
func (a *app) trail(t *testing.T) (out []string) {
	t.Helper()
	all, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{})
	a.must(t, err)
	for _, r := range slices.Backward(all) {
		out = append(out, strings.TrimSpace(r.What+" "+r.Job+" "+r.Result+" "+r.User))
	}
	return out
}

// onTrail holds that the trail is whole, and that each of n jobs was asked for and ended once.
func (a *app) onTrail(t *testing.T, n int) {
	t.Helper()
	var chain store.AuditChain
	if err := a.store.VerifyAudit(t.Context(), &chain); err != nil {
		t.Error(err)
	}
	all, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{})
	a.must(t, err)
	times := map[string]int{}
	for _, r := range all {
		if r.Job != "" {
			times[r.Job+" "+r.What]++
		}
	}
	for what, n := range times {
		if n != 1 {
			t.Errorf("%s is on the trail %d times", what, n)
		}
	}
	if len(times) != 2*n {
		t.Errorf("on the trail of %d jobs: %v", n, times)
	}
}

// rest gives the store a job that came to rest.
func (a *app) rest(t *testing.T, id string, state stackhand.JobState) stackhand.Job {
	t.Helper()
	job := stackhand.Job{ID: id, Flow: "create", State: stackhand.JobRunning, User: stackhand.User{ID: "U0ALICE", Name: "alice"}, Cloud: "lab", Title: "Create web-1", Stacks: []string{id + "-1"}}
	_, err := a.store.CreateJob(t.Context(), &job, nil)
	a.must(t, err)
	job.State, job.Ended = state, a.now()
	job.Made = []stackhand.Resource{{Kind: stackhand.KindServer, ID: "srv-1", Name: "web-1"}}
	job.Problem = &stackhand.Problem{Msg: "No host was found"}
	a.must(t, a.store.SaveJob(t.Context(), &job))
	return job
}

var errCrash = errors.New("crash")

// TestEndingsOnce ends jobs while the program dies at every write: each end is on the trail once, nothing is left over, and what
// rests is not looked at again.
func TestEndingsOnce(t *testing.T) {
	for n := range 6 {
		a, m := recorder(t)
		a.must(t, a.audit(t.Context(), stackhand.AuditRecord{ID: "aaaaaaaa/asked", What: stackhand.AuditAsked, Job: "aaaaaaaa", User: "U0BOB", Line: "create web-1"}))
		a.rest(t, "aaaaaaaa", stackhand.JobDone)
		a.rest(t, "bbbbbbbb", stackhand.JobStuck)
		commits := 0
		m.FailCommits(func([]store.Op) error {
			if commits++; commits > n {
				return errCrash
			}
			return nil
		})
		if err := a.noteEndings(t.Context()); n < 4 && !errors.Is(err, errCrash) {
			t.Fatalf("after %d writes: %v", n, err)
		}
		m.FailCommits(nil)
		a.must(t, a.noteEndings(t.Context()))
		want := []string{"asked aaaaaaaa  U0BOB", "ended aaaaaaaa done U0BOB", "ended bbbbbbbb stuck U0ALICE"}
		if got := a.trail(t); !slices.Equal(got, want) {
			t.Errorf("after %d writes: %q", n, got)
		}
		m.Calls()
		a.must(t, a.noteEndings(t.Context()))
		if c := m.Calls(); c.Items != 0 || c.Commits != 0 || c.Scans != 1 {
			t.Errorf("looking for ends when there are none costs %+v", c)
		}
	}
}

// TestEndingsAgain writes each end of a job that goes on after it was stuck.
func TestEndingsAgain(t *testing.T) {
	a, _ := recorder(t)
	job := a.rest(t, "aaaaaaaa", stackhand.JobStuck)
	if left, err := a.store.Endings(t.Context(), 1); len(left) != 1 || err != nil {
		t.Errorf("an end that is not written is not said to be missing: %v, %v", left, err)
	}
	a.must(t, a.noteEndings(t.Context()))
	job.State = stackhand.JobUndoing
	a.must(t, a.store.SaveJob(t.Context(), &job))
	job.State, job.Ended = stackhand.JobStuck, a.now()
	a.must(t, a.store.SaveJob(t.Context(), &job))
	old, err := a.store.Endings(t.Context(), 1)
	a.must(t, err)
	a.must(t, a.noteEnding(t.Context(), old[0]))
	job.State = stackhand.JobUndoing
	a.must(t, a.store.SaveJob(t.Context(), &job))
	job.State, job.Ended = stackhand.JobStuck, a.now()
	a.must(t, a.store.SaveJob(t.Context(), &job))
	a.must(t, a.store.Noted(t.Context(), old[0])) // of the end before: this one is not written yet
	a.must(t, a.noteEndings(t.Context()))
	job.State = stackhand.JobUndoing
	a.must(t, a.store.SaveJob(t.Context(), &job))
	a.must(t, a.noteEndings(t.Context()))
	job.State, job.Ended = stackhand.JobUndone, a.now()
	a.must(t, a.store.SaveJob(t.Context(), &job))
	job.Offers = []stackhand.Offer{{Line: "x"}} // touched after its end
	a.must(t, a.store.SaveJob(t.Context(), &job))
	a.must(t, a.noteEndings(t.Context()))
	job.Offers = nil
	a.must(t, a.store.SaveJob(t.Context(), &job))
	a.must(t, a.noteEndings(t.Context()))
	if got := fmt.Sprint(a.trail(t)); got != "[ended aaaaaaaa stuck U0ALICE ended aaaaaaaa stuck U0ALICE ended aaaaaaaa stuck U0ALICE ended aaaaaaaa undone U0ALICE]" {
		t.Error(got)
	}
	all, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{Of: "srv-1"})
	a.must(t, err)
	if len(all) != 4 || all[0].Problem != "No host was found" || !strings.Contains(string(all[0].Resolved), `"made":[{"kind":"server","id":"srv-1","name":"web-1"}]`) {
		t.Errorf("%+v", all)
	}
}

// TestHeadInLog holds that the log has the trail's last hash every hour in which it grew, and that a disk that fails is tried again.
func TestHeadInLog(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		a, m := recorder(t)
		var log bytes.Buffer
		a.log = slog.New(slog.NewTextHandler(&log, nil))
		a.rest(t, "aaaaaaaa", stackhand.JobDone)
		fails := 3
		m.FailCommits(func([]store.Op) error {
			if fails--; fails >= 0 {
				return errCrash
			}
			return nil
		})
		ctx, stop := context.WithCancel(t.Context())
		ended := make(chan error)
		go func() { ended <- a.endings(ctx) }()
		time.Sleep(3*time.Hour + time.Minute)
		synctest.Wait()
		_, hash, err := a.store.AuditHead(t.Context())
		a.must(t, err)
		if n := strings.Count(log.String(), hash); n != 1 || strings.Count(log.String(), "tried again") != 3 {
			t.Errorf("%d times in the log: %s", n, log.String())
		}
		a.rest(t, "bbbbbbbb", stackhand.JobDone)
		a.changed("bbbbbbbb")
		time.Sleep(time.Hour)
		synctest.Wait()
		if _, hash, err = a.store.AuditHead(t.Context()); err != nil || strings.Count(log.String(), hash) != 1 {
			t.Errorf("%v: %s", err, log.String())
		}
		stop()
		a.must(t, <-ended)
	})
}

// TestLeasesOnTrail writes what sweeps do with leases, before they do it.
func TestLeasesOnTrail(t *testing.T) {
	a, m := recorder(t)
	st := stackhand.Stack{ID: "aaaaaaaa-1", Name: "web-1", Cloud: "lab", State: stackhand.StackReady, Lease: stackhand.Lease{Owner: "U0ALICE"}}
	a.must(t, a.store.SaveStack(t.Context(), &st))
	st.Lease.Warned = []stackhand.Warning{{Notice: "n1"}, {Notice: "n2", Delivered: a.now(), Until: a.now()}}
	m.FailCommits(func(ops []store.Op) error {
		if strings.HasPrefix(ops[0].Key, "audit/") {
			return errCrash
		}
		return nil
	})
	if err := (leaseBook{a.store, a}).SaveStack(t.Context(), &st); !errors.Is(err, errCrash) {
		t.Errorf("a warning is noted that the trail does not have: %v", err)
	}
	if _, err := (leaseJobs{a}).Start(t.Context(), stackhand.Job{ID: "bbbbbbbb", Stacks: []string{st.ID}}); !errors.Is(err, errCrash) {
		t.Errorf("a job was started that the trail does not have: %v", err)
	}
	m.FailCommits(nil)
	for range 2 {
		a.must(t, leaseBook{a.store, a}.SaveStack(t.Context(), &st))
	}
	if got := fmt.Sprint(a.trail(t)); got != "[lease  ok]" {
		t.Error(got)
	}
	of, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{Of: "u0alice"})
	if a.must(t, err); len(of) != 1 || of[0].ID != "warned/n2" {
		t.Errorf("%+v", of)
	}
}

// TestAuditRedacts plants secrets in the texts of a record.
func TestAuditRedacts(t *testing.T) {
	a, _ := recorder(t)
	a.redact.Hide("pl4nted-secret")
	a.must(t, a.audit(context.WithoutCancel(t.Context()), stackhand.AuditRecord{
		ID: "x", What: stackhand.AuditAsked, Line: "create pl4nted-secret", Why: "pl4nted-secret", Problem: `{"password": "hunter22-planted"}`,
		Resolved: json.RawMessage(`{"name":"pl4nted-secret","token":"gAAAAABplantedplantedplanted"}`),
	}))
	all, err := a.store.AuditTrail(t.Context(), stackhand.AuditQuery{})
	a.must(t, err)
	text := fmt.Sprintf("%+v %s", all, all[0].Resolved)
	if strings.Contains(text, "lanted") || !json.Valid(all[0].Resolved) || all[0].At.IsZero() {
		t.Error(text)
	}
}
