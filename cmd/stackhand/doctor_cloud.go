package main

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
	"github.com/stackhand/stackhand/internal/config"
)

// clouds logs in where the entry has credentials of its own, and otherwise looks whether Keystone is
// there: who the people are is not the bot's to know.
func (c *checkup) clouds(ctx context.Context, cfg config.Config) {
	entries, err := loadClouds(cfg)
	if err != nil {
		c.fail("clouds", "%v", err)
		return
	}
	pool := cloud.NewPool(entries, cloud.Options{UserAgent: "stackhand/" + version, Now: time.Now, Timeout: 20 * time.Second})
	for _, name := range slices.Sorted(maps.Keys(entries)) {
		what, settings := "cloud "+name, cfg.Clouds.Entries[name]
		if entries[name].Insecure {
			c.warn(what, "verify: false: whoever stands between can read every password and token; name the CA's file as cacert instead")
		}
		if !c.keystone(ctx, what, pool, name) {
			continue
		}
		if own := entries[name].Auth; settings.Credentials != "service" && own.Password == "" && own.Token == "" && own.AppCredSecret == "" {
			c.ok(what, "everyone logs in for themselves; the other services are not tried, since clouds.yaml has no login for it. A server whose owner's login has ended stays: the administrators are told")
			continue
		}
		client, err := pool.Service(ctx, name)
		if err != nil {
			c.trouble(what, "login", err)
			continue
		}
		id := client.Identity()
		c.ok(what, "logged in as %s, project %s, roles %s", id.User, id.Project, strings.Join(id.Roles, ", "))
		if settings.Credentials != "service" {
			c.ok(what, "owners whose login has ended: their servers end with this login, %s", reach(id, entries[name].Auth))
		}
		c.services(ctx, what, client, settings.ExternalNetwork)
	}
}

// reach says in which projects the bot's own login ends the servers of owners whose login has ended; see session.Own.
func reach(id stackhand.Identity, login stackhand.Login) string {
	where := "in the project " + id.Project
	if login.AppCredSecret == "" {
		where += " and wherever its user has a role"
	}
	if slices.ContainsFunc(id.Roles, func(r string) bool { return strings.EqualFold(r, "admin") }) {
		where += "; elsewhere, as an administrator's, it stops and deletes, and makes no images"
	}
	return where
}

// trouble is an error of a cloud, with what mends it.
func (c *checkup) trouble(what, which string, err error) {
	text := err.Error()
	if e, ok := err.(*stackhand.Error); ok && e.Next != "" {
		text += " " + e.Next
	}
	c.fail(what, "%s: %s", which, text)
}

// keystone tells which of its versions there is, and where.
func (c *checkup) keystone(ctx context.Context, what string, pool *cloud.Pool, name string) bool {
	if err := pool.Ping(ctx, name); err != nil {
		c.trouble(what, "identity", err)
		return false
	}
	at, v2, err := pool.Keystone(ctx, name)
	switch {
	case err != nil:
		c.trouble(what, "identity", err)
		return false
	case v2:
		c.warn(what, "identity: Keystone v2.0 at %s: it has no application credentials, so that people's passwords are kept, encrypted", at)
	default:
		c.ok(what, "identity: Keystone v3 at %s, with application credentials", at)
	}
	return true
}

// services asks each service something, and says what an old cloud has not.
func (c *checkup) services(ctx context.Context, what string, client *cloud.Client, external string) {
	before := c.errors
	f, unknown := client.Features(ctx)
	c.compute(ctx, what, client, f, unknown == nil)
	images, err := client.Images(ctx)
	switch {
	case err != nil:
		c.trouble(what, "images", err)
	case len(images) == 0:
		c.warn(what, "images: there is none to build a server from")
	default:
		c.ok(what, "images: %s", from(client, "image", "%d there", len(images)))
	}
	c.network(ctx, what, client, external)
	if f.Volumes {
		if volumes, err := client.Volumes(ctx); err != nil {
			c.trouble(what, "volumes", err)
		} else {
			c.ok(what, "volumes: %s", from(client, "block-storage", "%d there", len(volumes)))
		}
	}
	if unknown == nil {
		c.lacks(what, f)
	}
	l, err := client.Limits(ctx)
	switch {
	case err == nil:
		c.quotas(what, l)
	case c.errors == before: // or else it was said already why
		c.trouble(what, "quotas", err)
	}
	if unknown != nil && c.errors == before {
		c.trouble(what, "features", unknown)
	}
}

// from is a finding, with the host and port of the service that it comes from.
func from(client *cloud.Client, service, format string, args ...any) string {
	text := fmt.Sprintf(format, args...)
	if at := client.Where(service); at != "" {
		text += ", at " + at
	}
	return text
}

func (c *checkup) compute(ctx context.Context, what string, client *cloud.Client, f stackhand.Features, known bool) {
	flavors, err := client.Flavors(ctx)
	if err != nil {
		c.trouble(what, "compute", err)
		return
	}
	speaks := ""
	switch {
	case f.Compute != "":
		speaks = " microversion " + f.Compute
	case known:
		speaks = " without microversions"
	}
	c.ok(what, "compute: %s", from(client, "compute", "Nova%s, %d flavors", speaks, len(flavors)))
}

func (c *checkup) network(ctx context.Context, what string, client *cloud.Client, external string) {
	networks, err := client.Networks(ctx)
	if err != nil {
		c.trouble(what, "network", err)
		return
	}
	var found []string
	for _, n := range networks {
		if n.External {
			found = append(found, n.Name)
		}
	}
	switch {
	case external != "" && !slices.Contains(found, external):
		c.fail(what, "network: external_network %q is not there; the cloud has %s", external, strings.Join(found, ", "))
	case external == "" && len(found) > 1:
		c.warn(what, "network: several external networks (%s): say which by external_network", strings.Join(found, ", "))
	case len(found) == 0:
		c.warn(what, "network: no external network: servers get no floating IP")
	default:
		c.ok(what, "network: %s", from(client, "network", "external network %s", strings.Join(found, ", ")))
	}
}

// lacks warns of what the bot does without on an old cloud.
func (c *checkup) lacks(what string, f stackhand.Features) {
	for _, l := range []struct {
		missing bool
		text    string
	}{
		{!f.Network, "no Neutron: servers are on the networks that the cloud runs itself; there are no subnets, routers and ports"},
		{!f.Images, "no Glance: Nova shows the images, and only their properties can be changed"},
		{!f.Volumes, "no block storage (Cinder): no volumes, and no --boot-from-volume"},
		{f.Network && !f.Tags, "its Neutron takes no descriptions: networks, routers, ports and floating IPs carry no mark, and after a crash in the middle " +
			"of a call somebody may be asked which of several is ours"},
	} {
		if l.missing {
			c.warn(what, "%s", l.text)
		}
	}
}

func (c *checkup) quotas(what string, l stackhand.Limits) {
	full := 0
	for _, q := range []struct {
		name  string
		limit stackhand.Limit
	}{
		{"servers", l.Servers}, {"cores", l.Cores}, {"floating IPs", l.FloatingIPs}, {"networks", l.Networks}, {"routers", l.Routers},
		{"ports", l.Ports}, {"security groups", l.Groups}, {"volumes", l.Volumes},
	} {
		if !q.limit.Room(1) {
			full++
			c.warn(what, "quotas: the quota of %s is used up: %d of %d", q.name, q.limit.Used, q.limit.Max)
		}
	}
	if full == 0 {
		c.ok(what, "quotas: room for %s", room(l.Servers))
	}
}

func room(l stackhand.Limit) string {
	if l.Max < 0 {
		return "servers without a limit"
	}
	return fmt.Sprintf("%d more servers of %d", l.Max-l.Used, l.Max)
}
