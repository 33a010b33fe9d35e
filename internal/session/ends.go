package session

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// Book is where the logins of everybody are read, and notices are written down. Of several notices with one id it keeps the first.
type Book interface {
	EveryCredential(ctx context.Context) ([]stackhand.Credential, error)
	AddNotice(ctx context.Context, n stackhand.Notice) (fresh bool, err error)
}

// Long before a login ends its user is told, shortly before again, and once it has ended. Logins that are short-lived are told
// of later: after three quarters and after eleven twelfths of their time.
const (
	tellEarly = 7 * 24 * time.Hour
	tellLate  = 24 * time.Hour
)

// stage is how near its end a login is.
type stage string

const (
	fine  stage = ""
	early stage = "early"
	late  stage = "late"
	over  stage = "over"
)

func stageOf(c stackhand.Credential, now time.Time) stage {
	if c.Ends.IsZero() {
		return fine
	}
	life, left := c.Ends.Sub(c.Created), c.Ends.Sub(now)
	switch {
	case left <= 0:
		return over
	case left <= min(tellLate, life/12):
		return late
	case left <= min(tellEarly, life/4):
		return early
	}
	return fine
}

// Remind tells people of logins of theirs that end soon, and of those that have ended: each of these once for each login, however
// often and by how many processes it is called, since the id of a notice is made of what it is about. An application credential cannot renew itself, so
// only its user can help. It tells how many notices it wrote down.
func (m *Manager) Remind(ctx context.Context, book Book) (told int, err error) {
	all, err := book.EveryCredential(ctx)
	if err != nil {
		return 0, err
	}
	var errs []error
	for _, c := range all {
		at := stageOf(c, m.o.Now())
		if _, known := m.o.Clouds[c.Cloud]; at == fine || !known {
			continue
		}
		fresh, err := book.AddNotice(ctx, m.notice(c, at))
		if err != nil {
			errs = append(errs, fmt.Errorf("the login of %s to %s: %w", c.User, c.Cloud, err))
		}
		if fresh {
			told++
			m.o.Log.Info("told of the end of a login", "user", c.User, "cloud", c.Cloud, "ends", c.Ends, "stage", string(at))
		}
	}
	return told, errors.Join(errs...)
}

// notice goes to the user alone.
func (m *Manager) notice(c stackhand.Credential, at stage) stackhand.Notice {
	n := stackhand.Notice{
		ID:      fmt.Sprintf("login/%s/%s/%s/%d/%s", c.User, c.Cloud, c.Identity.ProjectID, c.Ends.Unix(), at),
		User:    c.User,
		Created: m.o.Now(),
		Actions: []stackhand.Action{commands.LoginAction(c.Cloud, c.Identity.ProjectID)},
	}
	which := stackhand.Textf("Your login to %s, project %s,", stackhand.AsBold(c.Cloud), c.Identity.Project)
	if at == over {
		n.Text = which.Add(" has ended, %s. I can do nothing in your name there any more: not change your servers, and not remove those whose time is over. Log in again to go on.", stackhand.At(c.Ends))
		return n
	}
	n.Text = which.Add(" ends in %s, %s. It cannot renew itself; log in again before that, and everything goes on.", roughly(c.Ends.Sub(m.o.Now())), stackhand.At(c.Ends))
	if c.AppCredID == "" && c.Kind == "v3applicationcredential" {
		n.Text = n.Text.Add(" It is an application credential that you made yourself: make another one, or log in with your password.")
	}
	return n
}

// roughly is a length of time as people say it, rounded.
func roughly(d time.Duration) string {
	for _, unit := range []struct {
		name string
		of   time.Duration
	}{{"day", 24 * time.Hour}, {"hour", time.Hour}, {"minute", time.Minute}} {
		if n := int((d + unit.of/2) / unit.of); n > 1 {
			return fmt.Sprintf("%d %ss", n, unit.name)
		}
	}
	return "a minute"
}
