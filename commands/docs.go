package commands

import (
	"fmt"
	"strings"

	"github.com/stackhand/stackhand"
)

//go:generate go test -run TestDocs -update .

// Markdown is docs/commands.md: the table, as a page.
func Markdown() string {
	var b strings.Builder
	b.WriteString("# Commands\n\nMade from the table in `commands/`; a test keeps the two alike.\n\n")
	b.WriteString("The same words work as a slash command, in a mention, in a direct message, and, as a mention, in a\nserver's thread, which supplies the server. Add `--public` to a reading command to answer everybody.\n")
	for _, i := range Commands() {
		fmt.Fprintf(&b, "\n## %s\n\n%s.\n\n```\n%s\n```\n", i.Name, capital(i.Help), i.Usage)
		if i.Role > stackhand.Member {
			fmt.Fprintf(&b, "\nFor the role %s and above.\n", i.Role)
		}
		if len(i.Args) > 0 {
			b.WriteString("\n| argument | what it is for | default |\n|---|---|---|\n")
		}
		for _, a := range i.Args {
			fmt.Fprintf(&b, "| `%s` | %s | %s |\n", strings.ReplaceAll(a.Name, "|", "\\|"), strings.ReplaceAll(a.Help, "|", "\\|"), a.Default)
		}
		if len(i.Examples) > 0 {
			fmt.Fprintf(&b, "\nExamples:\n\n```\n%s\n```\n", strings.Join(i.Examples, "\n"))
		}
	}
	return b.String()
}
