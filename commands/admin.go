package commands

import (
	"github.com/stackhand/stackhand"
)

// forAdmins tells in plain words that a cloud shows something to its administrators only, or, an old one, to nobody.
func (s *session) forAdmins(what string, err error) error {
	var no *stackhand.Error
	switch stackhand.KindOf(err) {
	case stackhand.NotFound:
		no = stackhand.Errorf(stackhand.NotFound, "%s is too old to tell %s.", s.name, what).
			Do("Ask whoever runs it.").Because(err)
		no.Detail = stackhand.Said(err)
		return no
	case stackhand.Forbidden:
	default:
		return err
	}
	no = stackhand.Errorf(stackhand.Forbidden, "Only administrators of the cloud %s may list %s, and %s is none.", s.name, what, first(s.who.User, "your login")).
		Do("Ask one of them, or `login` as one.").Because(err)
	no.Detail = stackhand.Said(err)
	return no
}

// overseeing refuses those who are no administrators here where everybody uses the cloud with the bot's own login,
// whose rights may be larger than theirs.
func (s *session) overseeing(what string) error {
	if !s.settings.Service || s.user.Role >= stackhand.Admin {
		return nil
	}
	return stackhand.Errorf(stackhand.Forbidden, "Only administrators may list %s of %s.", what, s.name).Do("Ask one of them.")
}
