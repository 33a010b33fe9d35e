package bot

import (
	"testing"

	"go.uber.org/goleak"
)

// TestMain fails when a bot that has ended, or a workspace that was closed, leaves anything running.
func TestMain(m *testing.M) {
	goleak.VerifyTestMain(m,
		// Connections that net/http keeps for later use, of clients that were made for a test.
		goleak.IgnoreTopFunction("net/http.(*persistConn).writeLoop"),
		goleak.IgnoreTopFunction("net/http.(*persistConn).readLoop"),
		goleak.IgnoreTopFunction("internal/poll.runtime_pollWait"))
}
