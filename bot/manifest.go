package bot

import (
	"net/url"
	"strings"

	"github.com/goccy/go-yaml"
)

// ManifestOptions are the words of the app in Slack's directory.
type ManifestOptions struct {
	Name    string // "": Stackhand
	Command string // "": /stack
	Usage   string // the hint beside the command
}

// Scopes of the bot token, each with what it is for. The app token has connections:write.
var scopes = []struct{ name, why string }{
	{"app_mentions:read", "commands by mention, also in threads"},
	{"channels:history", "to find its own message again whose posting was not confirmed"},
	{"channels:read", "to keep quiet in channels that are shared with another organisation"},
	{"chat:write", "answers and cards"},
	{"commands", "the slash command"},
	{"files:read", "user data and public keys shared as files"},
	{"files:write", "long output"},
	{"groups:history", "as channels:history, in private channels"},
	{"groups:read", "as channels:read, of private channels"},
	{"im:history", "commands by direct message"},
	{"im:write", "to open a direct message with somebody"},
	{"mpim:history", "as channels:history, in group messages"},
	{"usergroups:read", "roles and rules by user group, revoked at once"},
	{"users:read", "to refuse guests and deactivated accounts, at once"},
}

// Events that the app subscribes to: those that the inbox understands, and those that tell that somebody is another one now.
var events = []string{"app_home_opened", "app_mention", "message.im", "subteam_members_changed", "subteam_updated", "user_change"}

// Manifest is the app's manifest in YAML, with exactly the scopes and events that the bot
// uses. Source: docs.slack.dev/reference/app-manifest.
func Manifest(o ManifestOptions) (string, error) {
	type m = yaml.MapSlice
	item := func(k string, v any) yaml.MapItem { return yaml.MapItem{Key: k, Value: v} }
	name := firstOf(o.Name, "Stackhand")
	doc := m{
		item("_metadata", m{item("major_version", 1)}),
		item("display_information", m{
			item("name", name),
			item("description", "Servers from your OpenStack cloud, in Slack"),
			item("background_color", "#1f2d3d"),
		}),
		item("features", m{
			item("app_home", m{
				item("home_tab_enabled", true), item("messages_tab_enabled", true), item("messages_tab_read_only_enabled", false),
			}),
			item("bot_user", m{item("display_name", strings.ToLower(name)), item("always_online", true)}),
			item("slash_commands", []m{{
				item("command", firstOf(o.Command, "/stack")),
				item("description", "Create, list and delete servers"),
				item("usage_hint", firstOf(o.Usage, "help | create web-1 | list | delete web-1")),
				item("should_escape", true),
			}}),
		}),
		item("oauth_config", m{item("scopes", m{item("bot", Scopes())})}),
		item("settings", m{
			item("event_subscriptions", m{item("bot_events", events)}),
			item("interactivity", m{item("is_enabled", true)}),
			item("org_deploy_enabled", false),
			item("socket_mode_enabled", true),
			item("token_rotation_enabled", false),
		}),
	}
	out, err := yaml.Marshal(doc)
	return string(out), err
}

// ManifestLink is the address that creates the app from a manifest with one click. Spaces are
// %20 in it, because a plus sign means one in forms only.
func ManifestLink(manifest string) string {
	return "https://api.slack.com/apps?new_app=1&manifest_yaml=" + strings.ReplaceAll(url.QueryEscape(manifest), "+", "%20")
}
