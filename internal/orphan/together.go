package orphan

import (
	"slices"

	"github.com/stackhand/stackhand"
)

// together puts those findings into one that only make sense together: a server with its ports, addresses and volumes, an
// image with the snapshots that it is made of and their volumes, and a network with its subnets and the router that serves it alone.
func (l *look) together(lone []stackhand.Orphan) []stackhand.Orphan {
	g := &grouping{all: lone, in: map[int]bool{}, look: l}
	for i, o := range lone {
		if o.Thing.Kind == stackhand.KindServer {
			g.server(i)
		}
	}
	for i, o := range lone {
		switch o.Thing.Kind {
		case stackhand.KindNetwork:
			g.network(i)
		case stackhand.KindImage:
			mine := func(t stackhand.Thing) bool { return t.Parent == o.Thing.ID }
			g.take(i, stackhand.KindSnapshot, mine)
			g.take(i, stackhand.KindVolume, func(t stackhand.Thing) bool { return slices.ContainsFunc(g.partsOf(t.ID), mine) })
		}
	}
	for i, o := range lone {
		if o.Thing.Kind == stackhand.KindRouter && !g.in[i] {
			g.interfaces(i, func(stackhand.Thing) bool { return true })
		}
	}
	var out []stackhand.Orphan
	for i, o := range g.all {
		if !g.in[i] {
			out = append(out, o)
		}
	}
	return out
}

// grouping remembers which findings have become a part of another.
type grouping struct {
	*look
	all []stackhand.Orphan
	in  map[int]bool
}

// take makes those findings a part of the i-th that fits picks, and answers them.
func (g *grouping) take(i int, kind string, fits func(stackhand.Thing) bool) []stackhand.Thing {
	var out []stackhand.Thing
	for n, o := range g.all {
		if n != i && !g.in[n] && o.Thing.Kind == kind && fits(o.Thing) {
			g.in[n] = true
			out = append(out, o.Thing)
		}
	}
	g.all[i].With = append(g.all[i].With, out...)
	return out
}

func (g *grouping) server(i int) {
	id := g.all[i].Thing.ID
	uses := func(t stackhand.Thing) bool { return t.UsedBy == id }
	ports := g.take(i, stackhand.KindPort, uses)
	g.take(i, stackhand.KindVolume, uses)
	g.take(i, stackhand.KindFloatingIP, func(t stackhand.Thing) bool {
		return slices.ContainsFunc(ports, func(p stackhand.Thing) bool { return p.ID == t.UsedBy })
	})
}

func (g *grouping) network(i int) {
	id := g.all[i].Thing.ID
	subnets := g.take(i, stackhand.KindSubnet, func(t stackhand.Thing) bool { return t.Parent == id })
	mine := func(t stackhand.Thing) bool {
		return slices.ContainsFunc(subnets, func(s stackhand.Thing) bool { return s.ID == t.ID })
	}
	g.take(i, stackhand.KindRouter, func(r stackhand.Thing) bool {
		joined, alone := false, true
		for _, t := range g.things {
			if t.Kind == stackhand.KindInterface && t.Parent == r.ID {
				joined, alone = joined || mine(t), alone && mine(t)
			}
		}
		same := r.Mark.Same(g.all[i].Thing.Mark)
		return alone && (joined || same)
	})
	g.interfaces(i, mine)
}

// interfaces adds the connections of a finding's routers to it, or those of its subnets. They carry no mark of their own.
func (g *grouping) interfaces(i int, mine func(stackhand.Thing) bool) {
	for _, r := range g.all[i].All() {
		if r.Kind != stackhand.KindRouter {
			continue
		}
		for _, t := range g.things {
			if t.Kind == stackhand.KindInterface && t.Parent == r.ID && mine(t) {
				t.Mark, t.Job, t.Stack = r.Mark, r.Job, r.Stack
				g.all[i].With = append(g.all[i].With, t)
			}
		}
	}
}
