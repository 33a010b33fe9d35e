package session

import (
	"context"
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/cloud"
)

// Own opens a project with the bot's own login to a cloud, the one that clouds.yaml has for the entry. It is for what the bot
// does by itself when a person's login has ended. A login that serves for every project of its user is used in that very
// project, where it gets in; an administrator of the cloud reaches it from another one, which Identity tells then. It answers
// Unauthorized where there is no such login or it does not get there.
func (m *Manager) Own(ctx context.Context, name string, at stackhand.Scope) (*cloud.Client, error) {
	if _, err := m.settings(name); err != nil {
		return nil, err
	}
	login, ok := m.pool.Own(name)
	if !ok {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "The bot has no login of its own there.").
			Do("give the entry %s of clouds.yaml a login that gets into the project.", name)
	}
	home, err := m.pool.ServiceIn(ctx, name, at.Region)
	if err == nil && (at.ProjectID == "" || home.Identity().ProjectID == at.ProjectID) || err != nil && !refused(err) {
		return home, err
	}
	if login.AppCredID == "" {
		login.ProjectID, login.ProjectName, login.ProjectDomain, login.ProjectDomainID = at.ProjectID, "", "", ""
		c, inside := m.pool.ClientIn(ctx, name, at.Region, login)
		if inside == nil || !refused(inside) {
			return c, inside
		}
	}
	if err != nil {
		return nil, stackhand.Errorf(stackhand.Unauthorized, "The cloud does not accept the bot's own login either.").
			Do("put one that it accepts into the entry %s of clouds.yaml.", name).Because(err)
	}
	who := home.Identity()
	if slices.ContainsFunc(who.Roles, func(r string) bool { return strings.EqualFold(r, adminRole) }) {
		return home, nil
	}
	return nil, stackhand.Errorf(stackhand.Unauthorized, "The bot's own login is to the project %s and does not get into this one.", who.Project).
		Do("give the cloud's user %s a role in it.", who.User)
}

// refused tells whether a login was refused for good, as against not answered.
func refused(err error) bool {
	switch stackhand.KindOf(err) {
	case stackhand.Unauthorized, stackhand.Forbidden, stackhand.NotFound, stackhand.Invalid:
		return true
	}
	return false
}
