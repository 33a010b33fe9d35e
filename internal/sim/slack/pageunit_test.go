package slack_test

import (
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// TestPageUnits runs the tests of the page's modules under node's own runner.
func TestPageUnits(t *testing.T) {
	node := browse.Tool(t, "node")
	files, err := filepath.Glob("pagetest/*.test.js")
	if err != nil || len(files) == 0 {
		t.Fatalf("no tests in pagetest: %v", err)
	}
	cmd := exec.CommandContext(t.Context(), node, append([]string{"--test", "--test-reporter=tap"}, files...)...)
	cmd.Env = append(os.Environ(), "TZ=UTC", "LANG=en_US.UTF-8")
	output, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%v\n%s", err, output)
	}
	if !strings.Contains(string(output), "# fail 0") {
		t.Errorf("node's runner did not count:\n%s", output)
	}
}
