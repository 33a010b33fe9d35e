package cloudtest

import (
	"context"
	"slices"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

func login(s *suite) {
	id := s.c.Identity()
	if id.User != s.Login.Username || id.UserID == "" || id.ProjectID == "" || len(id.Roles) == 0 || !id.Expires.After(time.Now().Add(-time.Hour)) {
		s.Errorf("identity is incomplete: %+v", id)
	}
	for what, change := range map[string]func(*stackhand.Login){
		"wrong password":  func(l *stackhand.Login) { l.Password = "wrong-" + s.mark },
		"unknown user":    func(l *stackhand.Login) { l.Username = s.mark },
		"unknown project": func(l *stackhand.Login) { l.ProjectName, l.ProjectID = s.mark, "" },
		"rubbish token":   func(l *stackhand.Login) { l.Password, l.AuthType, l.Token = "", "token", s.mark },
		"rubbish application credential": func(l *stackhand.Login) {
			*l = stackhand.Login{AuthType: "v3applicationcredential", AppCredID: s.mark, AppCredSecret: s.mark}
		},
	} {
		l := s.Login
		change(&l)
		_, err := s.pool.Client(s.ctx(), s.Cloud, l)
		s.Log(what)
		s.refused(err, stackhand.Unauthorized)
	}
	again, err := s.pool.Client(s.ctx(), s.Cloud, s.Login)
	s.ok(err)
	if again != s.c {
		s.Error("the same login gives another client")
	}
}

func projects(s *suite) {
	l := s.Login
	l.ProjectID, l.ProjectName = "", ""
	all, err := s.pool.Projects(s.ctx(), s.Cloud, l)
	s.ok(err)
	want := stackhand.Project{ID: s.c.Identity().ProjectID, Name: s.c.Identity().Project}
	if !slices.ContainsFunc(all, func(p stackhand.Project) bool { return p.ID == want.ID && p.Name == want.Name && !p.Disabled }) {
		s.Errorf("projects %v hold no %v", all, want)
	}
	if c, err := s.pool.Client(s.ctx(), s.Cloud, l); err != nil {
		s.refused(err, stackhand.Invalid)
	} else if !slices.ContainsFunc(all, func(p stackhand.Project) bool { return p.ID == c.Identity().ProjectID }) {
		s.Errorf("without a project: %+v", c.Identity()) // users may have one by default
	}
	l.ProjectID = want.ID
	c, err := s.pool.Client(s.ctx(), s.Cloud, l)
	s.ok(err)
	if c.Identity().ProjectID != want.ID {
		s.Errorf("the project's id leads to %v", c.Identity())
	}
}

func appCreds(s *suite) {
	l, id, err := s.pool.Exchange(s.ctx(), s.Cloud, s.Login, s.mark, time.Now().Add(time.Hour))
	if stackhand.KindOf(err) == stackhand.NotFound {
		s.Skip("this cloud has no application credentials: ", err)
	}
	s.ok(err)
	s.later("application credential", func(ctx context.Context) error { return s.pool.Revoke(ctx, s.Cloud, s.Login, id) })
	if id == "" || l.AppCredID != id || l.AppCredSecret == "" || l.Password != "" {
		s.Error("the exchanged login is not an application credential alone")
	}
	c, err := s.pool.Client(s.ctx(), s.Cloud, l)
	s.ok(err)
	if c.Identity().ProjectID != s.c.Identity().ProjectID || c.Identity().UserID != s.c.Identity().UserID {
		s.Errorf("the application credential is %+v", c.Identity())
	}
	_, err = c.Servers(s.ctx())
	s.ok(err)
	_, _, err = s.pool.Exchange(s.ctx(), s.Cloud, s.Login, s.mark, time.Now().Add(time.Hour))
	s.refused(err, stackhand.Conflict)
	s.refused(s.pool.Revoke(s.ctx(), s.Cloud, l, id), stackhand.Forbidden)
	same, none, err := s.pool.Exchange(s.ctx(), s.Cloud, l, s.mark+"-2", time.Time{})
	s.ok(err)
	if same != l || none != "" {
		s.Error("an application credential was exchanged for another")
	}
	s.ok(s.pool.Revoke(s.ctx(), s.Cloud, s.Login, id))
	_, err = cloud.NewPool(s.Entries, s.Options).Client(s.ctx(), s.Cloud, l)
	s.refused(err, stackhand.Unauthorized)
	s.refused(s.pool.Revoke(s.ctx(), s.Cloud, s.Login, id), stackhand.NotFound)
}

func tokensEnd(s *suite) {
	if s.ExpireTokens == nil {
		s.Skip("this cloud's tokens cannot be ended at will")
	}
	before := s.c.Identity().Expires
	s.ExpireTokens()
	done := make(chan error)
	for range 8 {
		go func() {
			_, err := s.c.Servers(s.ctx())
			done <- err
		}()
	}
	for range 8 {
		s.ok(<-done)
	}
	s.ExpireTokens()
	_, err := s.c.CreateNetwork(s.ctx(), s.mark, "")
	s.refused(err, stackhand.Unavailable) // it may have been done: only the caller may repeat it
	n := s.network(s.mark)                // with a fresh token
	found, err := s.c.NetworksNamed(s.ctx(), n.Name)
	s.ok(err)
	if len(found) != 1 {
		s.Errorf("there are %d networks after one create", len(found))
	}
	if s.c.Identity().Expires.Before(before) {
		s.Error("the identity is still of the old token")
	}
}
