package slack_test

import (
	"context"
	"net/http/httptest"
	"testing"

	"github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// tab is a page of a workspace, with the scripted app in it, in a real browser.
type tab struct {
	*browse.Tab
	t      *testing.T
	w      *slack.Workspace
	server *httptest.Server
}

// open shows a new workspace with the scripted app in a new tab.
func open(t *testing.T, parent context.Context, width, height int64) *tab {
	t.Helper()
	w, server := startScripted(t)
	return &tab{Tab: browse.Open(t, parent, server.URL, width, height), t: t, w: w, server: server}
}
