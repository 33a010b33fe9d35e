package commands

import "testing"

// TestCardsShowNoContents keeps contents of files, which only their sender sees in a slash command, off the job's line.
func TestCardsShowNoContents(t *testing.T) {
	for line, want := range map[string]string{
		`create web-9 --user-data "#!/bin/sh echo hush-hush" --for 2h`: `^create web-9 --for 2h --user-data …$`,
		"create web-9 --for 2h --user-data ```#cloud-config\nhush```":  `^create web-9 --for 2h --user-data …$`,
		`create web-9 --for 2h`: `^create web-9 --for 2h$`,
	} {
		w, env := newWorld()
		if r, err := say(t, env, alice, line); err != nil {
			t.Fatal(told(r, err))
		}
		expect(t, w.jobs[w.order[0]].Line, want)
	}
}
