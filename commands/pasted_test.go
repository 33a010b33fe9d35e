package commands

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// TestPastedLines holds testdata/pasted_lines.txt: what each line of the other clients is understood as. A line that is
// answered in words has the words behind a "!".
func TestPastedLines(t *testing.T) {
	checkLines(t, "pasted_lines.txt")
}

// TestEverydayWords holds testdata/everyday_words.txt in the same way.
func TestEverydayWords(t *testing.T) {
	checkLines(t, "everyday_words.txt")
}

func checkLines(t *testing.T, file string) {
	t.Helper()
	f, err := os.Open(filepath.Join("testdata", file))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	n := 0
	for lines.Scan() {
		line := strings.TrimSpace(lines.Text())
		if line == "" || strings.HasPrefix(line, "# ") {
			continue
		}
		said, want, ok := strings.Cut(line, "=>")
		if !ok {
			t.Errorf("%s: %q has no =>", file, line)
			continue
		}
		n++
		if got := understood(t, strings.TrimSpace(said)); got != strings.TrimSpace(want) {
			t.Errorf("%s\n got %s\nwant %s", said, got, strings.TrimSpace(want))
		}
	}
	if err := lines.Err(); err != nil || n < 20 {
		t.Errorf("%s: %d lines, %v", file, n, err)
	}
}

// understood is the line that a line means, as the grammar has it, or the words that answer it.
func understood(t *testing.T, line string) string {
	t.Helper()
	_, env := newWorld()
	c, err := understand(t.Context(), env, alice, read(env, line))
	if err != nil {
		return "! " + err.Error()
	}
	return c.entry.format(c.args)
}
