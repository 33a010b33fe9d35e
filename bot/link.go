package bot

import "strings"

// Link is the address of a message, or with ts "" of a channel, in the form that chat.getPermalink gives. It is put together
// from the address of the workspace, since a call for every line that is written to the audit trail would be slow, and may fail
// when it is needed most. "" while the workspace is not known.
func (b *Bot) Link(channel, ts, thread string) string {
	base, _ := b.base.Load().(string)
	if base == "" || channel == "" {
		return ""
	}
	link := strings.TrimSuffix(base, "/") + "/archives/" + channel
	if ts == "" {
		return link
	}
	link += "/p" + strings.ReplaceAll(ts, ".", "")
	if thread != "" && thread != ts {
		link += "?thread_ts=" + thread + "&cid=" + channel
	}
	return link
}

// linkOf is the address of what a person wrote or clicked, or of the channel where they did.
func (b *Bot) linkOf(rq *request) string {
	m := rq.body
	if m.TS == "" || m.Ephemeral {
		return b.Link(m.Place.Channel, "", "")
	}
	return b.Link(m.Place.Channel, m.TS, m.Place.Thread)
}
