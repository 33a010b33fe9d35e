package main

import (
	"context"
	"strings"

	"github.com/stackhand/stackhand"
)

// refusedBy says why Slack takes no message in a channel, and what helps.
var refusedBy = map[string]string{
	"not_in_channel":    "I am not in that channel. Invite me there, and the next digest is posted.",
	"channel_not_found": "that channel was deleted, or it is private and I am not in it. If it is there, invite me, and the next digest is posted.",
	"is_archived":       "that channel is archived. Once it is not, the next digest is posted.",
}

// digestPosted notes what became of a digest. Of a channel that takes none the administrators are told, once until one is posted there
// again; what could not be posted is over then, since the next week's says more.
func (a *app) digestPosted(ctx context.Context, n *stackhand.Notice, why string) (over bool, err error) {
	if !strings.HasPrefix(n.ID, "digest/") {
		return false, nil
	}
	channel := n.Place.Channel
	noted := "digest refused/" + channel
	was, err := a.store.Setting(ctx, noted)
	if err != nil && stackhand.KindOf(err) != stackhand.NotFound {
		return false, err
	}
	if string(was) == why {
		return true, nil
	}
	if why != "" {
		text := stackhand.Textf("The digest of %s cannot be posted there: ", a.bot.Room(channel))
		if says, known := refusedBy[why]; known {
			text = text.Add("%s", says)
		} else {
			text = text.Add("Slack refuses it (%s).", why)
		}
		_, err = a.store.AddNotice(ctx, stackhand.Notice{
			ID: "refused/" + n.ID, Admins: true, Created: a.now(),
			Text: text.Add(" You hear of it once; %s shows the same to whoever asks, and the servers there are warned of as ever: their owners directly.", stackhand.AsCode("digest")),
		})
		if err != nil {
			return false, err
		}
		a.bot.Noticed()
	}
	return true, a.store.SetSetting(ctx, noted, []byte(why))
}
