package commands

import (
	"context"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
)

// fakeMore is what fakeCloud holds besides servers and networks.
type fakeMore struct {
	features    stackhand.Features
	volumes     []stackhand.Volume
	snapshots   []stackhand.VolumeSnapshot
	attachments map[string][]stackhand.Attachment // by server
	actions     map[string][]stackhand.ServerAction
	console     map[string]string // what a server printed
	routers     []stackhand.Router
	projects    []stackhand.Project
	own         []stackhand.Project // those that the user may log in to
	users       []stackhand.CloudUser
	regions     []string
	hypervisors []stackhand.Hypervisor
	usage       []stackhand.ServerUsage
	abroad      []stackhand.Server // servers of other projects
}

func today() stackhand.Features {
	return stackhand.Features{Network: true, Volumes: true, Images: true, Users: true, Tags: true, Compute: "2.79"}
}

func (c *fakeCloud) Features(context.Context) (stackhand.Features, error) {
	return c.features, c.w.fail["Features"]
}

func (c *fakeCloud) Volumes(context.Context) ([]stackhand.Volume, error) {
	if !c.features.Volumes {
		return nil, stackhand.Errorf(stackhand.NotFound, "This cloud has no block storage (Cinder).")
	}
	return slices.Clone(c.volumes), c.w.fail["Volumes"]
}

func (c *fakeCloud) VolumeSnapshots(context.Context) ([]stackhand.VolumeSnapshot, error) {
	return slices.Clone(c.snapshots), c.w.fail["VolumeSnapshots"]
}

func (c *fakeCloud) Attachments(_ context.Context, server string) ([]stackhand.Attachment, error) {
	return c.attachments[server], c.w.fail["Attachments"]
}

func (c *fakeCloud) ServerActions(_ context.Context, id string) ([]stackhand.ServerAction, error) {
	return c.actions[id], c.w.fail["ServerActions"]
}

func (c *fakeCloud) ConsoleLog(_ context.Context, id string, lines int) (string, error) {
	all := strings.SplitAfter(c.console[id], "\n")
	if lines > 0 && len(all) > lines {
		all = all[len(all)-lines-1:]
	}
	return strings.Join(all, ""), c.w.fail["ConsoleLog"]
}

func (c *fakeCloud) ConsoleURL(_ context.Context, id, kind string) (string, error) {
	return "https://console.example/" + kind + "?token=t-" + id, c.w.fail["ConsoleURL"]
}

func (c *fakeCloud) Routers(context.Context) ([]stackhand.Router, error) {
	return slices.Clone(c.routers), c.w.fail["Routers"]
}

func (c *fakeCloud) Image(_ context.Context, id string) (stackhand.Image, error) {
	for _, i := range c.images {
		if i.ID == id {
			return i, c.w.fail["Image"]
		}
	}
	return stackhand.Image{}, stackhand.Errorf(stackhand.NotFound, "No image found with ID %s", id)
}

func (c *fakeCloud) AllServers(_ context.Context, project string) ([]stackhand.Server, error) {
	if !slices.Contains(c.who.Roles, "admin") {
		return nil, stackhand.Errorf(stackhand.Forbidden, "Policy doesn't allow os_compute_api:servers:detail:get_all_tenants to be performed.")
	}
	all := slices.DeleteFunc(slices.Concat(c.servers, c.abroad), func(s stackhand.Server) bool { return project != "" && s.ProjectID != project })
	return all, c.w.fail["AllServers"]
}

func (c *fakeCloud) Projects(context.Context) ([]stackhand.Project, error) {
	return c.projects, c.w.fail["Projects"]
}

func (c *fakeCloud) OwnProjects(context.Context) ([]stackhand.Project, error) {
	return c.own, c.w.fail["OwnProjects"]
}

func (c *fakeCloud) Users(context.Context) ([]stackhand.CloudUser, error) {
	return c.users, c.w.fail["Users"]
}

func (c *fakeCloud) Regions(context.Context) ([]string, error) { return c.regions, c.w.fail["Regions"] }

func (c *fakeCloud) Hypervisors(context.Context) ([]stackhand.Hypervisor, error) {
	return c.hypervisors, c.w.fail["Hypervisors"]
}

func (c *fakeCloud) Usage(_ context.Context, from, to time.Time) ([]stackhand.ServerUsage, error) {
	var out []stackhand.ServerUsage
	for _, u := range c.usage {
		if u.Started.Before(to) && (u.Ended.IsZero() || u.Ended.After(from)) {
			out = append(out, u)
		}
	}
	return out, c.w.fail["Usage"]
}

func (c *fakeCloud) AllUsage(_ context.Context, project string, from, to time.Time) ([]stackhand.ServerUsage, error) {
	if !slices.Contains(c.who.Roles, "admin") {
		return nil, stackhand.Errorf(stackhand.Forbidden, "Policy doesn't allow os_compute_api:os-simple-tenant-usage:list to be performed.")
	}
	return slices.DeleteFunc(slices.Clone(c.usage), func(u stackhand.ServerUsage) bool { return project != "" && u.ProjectID != project }), c.w.fail["AllUsage"]
}
