package commands

import (
	"context"
	"slices"

	"github.com/stackhand/stackhand"
)

// locate is locateServer with the server on the line's audit record, so that its owner sees there who was refused.
func locate(ctx context.Context, env *Env, user stackhand.User, line Line, cloud, name string, again func(id string) string) (*session, target, error) {
	s, t, err := locateServer(ctx, env, user, line, cloud, name, again)
	if err == nil && (t.stack != nil || t.server.ID != "") {
		env.noteAbout(t)
	}
	return s, t, err
}

// noteAbout puts a server on the line's audit record.
func (env *Env) noteAbout(t target) {
	env.note(func(r *stackhand.AuditRecord) {
		for _, word := range t.words() {
			if !slices.Contains(r.About, word) {
				r.About = append(r.About, word)
			}
		}
	})
}

// words are the ids and the name of a server.
func (t target) words() []string {
	all := []string{t.server.ID, t.server.Name}
	if t.stack != nil {
		all = append(all, t.stack.ID, t.stack.Name, t.stack.Server)
	}
	return slices.DeleteFunc(all, func(w string) bool { return w == "" })
}
