package commands

import (
	"context"
	"errors"
	"fmt"

	"github.com/stackhand/stackhand"
)

// spot is one of the things that can be chosen, with the line that does it.
type spot struct {
	thing
	line string
}

// spots are all that can be chosen by one name: clouds, the projects and regions of the one in use, and the projects
// of others that one is logged in to.
func (env *Env) spots(p places) []spot {
	var out []spot
	for _, name := range env.cloudNames() {
		out = append(out, spot{thing{"cloud " + name, name, "a cloud"}, "use cloud " + quote(name)})
	}
	for _, q := range p.projects {
		out = append(out, spot{thing{q.ID, q.Name, "a project of " + p.cloud}, "use cloud " + quote(p.cloud) + " project " + quote(q.ID)})
	}
	for _, r := range p.regions {
		out = append(out, spot{thing{"region " + r, r, "a region of " + p.cloud}, "use cloud " + quote(p.cloud) + " region " + quote(r)})
	}
	for _, c := range p.creds {
		if c.Cloud != p.cloud {
			id := c.Identity
			out = append(out, spot{thing{id.ProjectID, id.Project, "a project of " + c.Cloud}, "use cloud " + quote(c.Cloud) + " project " + quote(id.ProjectID)})
		}
	}
	return out
}

// useName finds out what is called so, and asks where that is several things.
func useName(ctx context.Context, env *Env, user stackhand.User, a useArgs, name string) (Reply, error) {
	p, err := env.places(ctx, user, a.Cloud)
	if err != nil {
		return Reply{}, err
	}
	all := env.spots(p)
	found, err := pick("cloud, project or region", name, all, func(s spot) thing { return s.thing }, false)
	var several *choice
	if errors.As(err, &several) {
		several.kind = "place"
		return Reply{}, ask(several, func(id string) string { return lineTo(all, id) })
	}
	if err != nil {
		return Reply{}, err
	}
	words, err := shellSplit(found.line)
	if err != nil {
		return Reply{}, fmt.Errorf("the line of %s: %w", found.name, err)
	}
	return use(ctx, env, user, useArgs{Words: words[1:]})
}

func lineTo(all []spot, id string) string {
	for _, s := range all {
		if s.id == id {
			return s.line
		}
	}
	return ""
}

// showPlaces tells where one works, and what else there is, with a button each.
func showPlaces(ctx context.Context, env *Env, user stackhand.User) (Reply, error) {
	p, err := env.places(ctx, user, "")
	if err != nil {
		return Reply{}, err
	}
	r := Reply{Text: stackhand.Textf("Your lines mean %s. You are not logged in there.", stackhand.AsBold(p.cloud))}
	if p.who.ProjectID != "" {
		r.Text = stackhand.Textf("You work in the project %s of %s as %s.", stackhand.AsBold(p.who.Project), stackhand.AsBold(p.cloud), p.who.User)
	} else {
		r.Actions = append(r.Actions, LoginAction(p.cloud, ""))
	}
	r = p.offer(r, "Projects", p.projects, func(q stackhand.Project) (string, string, bool) {
		return q.Name, "use cloud " + quote(p.cloud) + " project " + quote(q.ID), q.ID == p.who.ProjectID
	})
	r = offerPlaces(r, "Regions", p.regions, func(name string) (string, string, bool) {
		return name, "use cloud " + quote(p.cloud) + " region " + quote(name), name == p.who.Region
	})
	r = offerPlaces(r, "Clouds", env.cloudNames(), func(name string) (string, string, bool) {
		return name, "use cloud " + quote(name), name == p.cloud
	})
	if len(r.Actions) >= maxButtons {
		r.Text = r.Text.Add(" For what has no button: %s.", stackhand.AsCode("use project NAME"))
	}
	return r, nil
}

// offer is offerPlaces for projects, whose names may be the same in several domains.
func (p places) offer(r Reply, title string, all []stackhand.Project, of func(stackhand.Project) (name, line string, now bool)) Reply {
	named := map[string]int{}
	for _, q := range all {
		named[q.Name]++
	}
	return offerPlaces(r, title, all, func(q stackhand.Project) (string, string, bool) {
		name, line, now := of(q)
		if named[q.Name] > 1 {
			name += " " + q.ID
		}
		return name, line, now
	})
}

// offerPlaces adds a field with the names, and a button for each but the present one.
func offerPlaces[T any](r Reply, title string, all []T, of func(T) (name, line string, now bool)) Reply {
	if len(all) == 0 {
		return r
	}
	var value stackhand.Text
	for i, item := range all {
		name, line, now := of(item)
		if i > 0 {
			value = value.Add(", ")
		}
		if now {
			value = value.Add("%s (in use)", stackhand.AsBold(name))
			continue
		}
		value = value.Add("%s", name)
		if len(r.Actions) < maxButtons {
			r.Actions = append(r.Actions, stackhand.Action{ID: "choose", Label: clip("Use "+name, 70), Value: line})
		}
	}
	r.Fields = append(r.Fields, Field{title, value})
	return r
}
