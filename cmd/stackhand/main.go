// Command stackhand is the bot, its demo, and what an operator needs beside them.
package main

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"slices"
	"strings"
	"syscall"

	"github.com/alexflint/go-arg"

	"github.com/stackhand/stackhand"
)

// cli is the command line. Secrets are never flags: they come from the environment or from files that
// the configuration names.
type cli struct {
	about  string // what the help begins with
	Config string `arg:"--config" placeholder:"FILE" help:"Configuration file (default: $STACKHAND_CONFIG, ./stackhand.yaml, /etc/stackhand/stackhand.yaml)."`

	Serve    *serveCmd    `arg:"subcommand:serve" help:"Run the bot."`
	Demo     *demoCmd     `arg:"subcommand:demo" help:"Run the bot with a simulated Slack workspace and a simulated OpenStack, all on loopback."`
	Doctor   *doctorCmd   `arg:"subcommand:doctor" help:"Check the configuration, Slack, the clouds, the store and the keyset."`
	Manifest *manifestCmd `arg:"subcommand:manifest" help:"Print the Slack app manifest for this configuration, and the link that creates the app."`
	Keyset   *struct {
		New     *keysetNewCmd     `arg:"subcommand:new" help:"Print a new keyset for STACKHAND_KEYSET."`
		Rotate  *keysetRotateCmd  `arg:"subcommand:rotate" help:"Print the keyset in STACKHAND_KEYSET with a new first key; the old ones still open what they sealed."`
		Abandon *keysetAbandonCmd `arg:"subcommand:abandon" help:"Where the keyset is lost: forget all logins in the store, which nobody can open any more."`
	} `arg:"subcommand:keyset" help:"The encryption keyset: new, rotate, abandon."`
	Policy *struct {
		Test *policyTestCmd `arg:"subcommand:test" help:"Run a table of examples against the rules of the configuration."`
	} `arg:"subcommand:policy" help:"The rules of the configuration: test."`
	Audit *struct {
		Export *auditExportCmd `arg:"subcommand:export" help:"Print the audit trail as JSON lines, the oldest first."`
		Verify *auditVerifyCmd `arg:"subcommand:verify" help:"Prove that no record of the audit trail was changed, is missing, or was cut off."`
	} `arg:"subcommand:audit" help:"The audit trail, who did what, when, from where, approved by whom: export, verify. Works while the bot runs, and while it does not."`
	Backup  *backupCmd  `arg:"subcommand:backup" help:"Write a consistent copy of the store to a file, also while the bot runs."`
	Restore *restoreCmd `arg:"subcommand:restore" help:"Put a copy that backup wrote in the place of the store; the bot must not run."`
	Health  *healthCmd  `arg:"subcommand:health" help:"Ask the running bot whether it is well; for container health checks."`
	Version *versionCmd `arg:"subcommand:version" help:"Print version, commit and Go version."`
}

// Description is the first line of the help.
func (c *cli) Description() string {
	return cmp.Or(c.about, "Servers from your OpenStack cloud, inside Slack.") + "\n"
}

// Epilogue is its last one.
func (*cli) Epilogue() string { return "stackhand COMMAND --help tells more about a command." }

// subcommand is what each of them can do.
type subcommand interface {
	Run(ctx context.Context, s streams, c *cli) error
}

// streams are what a command reads and writes; tests give their own.
type streams struct {
	in       io.Reader
	out, err io.Writer
}

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	os.Exit(run(ctx, os.Args[1:], streams{os.Stdin, os.Stdout, os.Stderr}))
}

// exitCode is an error that says with which status to end; its text has been shown already.
type exitCode int

func (e exitCode) Error() string { return fmt.Sprintf("exit status %d", int(e)) }

func run(ctx context.Context, args []string, s streams) int {
	var c cli
	do, code := c.parse(args, s)
	if do == nil {
		return code
	}
	err := do.Run(ctx, s, &c)
	var status exitCode
	switch {
	case err == nil:
		return 0
	case errors.As(err, &status):
		return int(status)
	}
	fmt.Fprintln(s.err, "stackhand:", err)
	var e *stackhand.Error
	if errors.As(err, &e) && e.Next != "" {
		fmt.Fprintln(s.err, e.Next)
	}
	return 1
}

// parse reads the command line. Without a command there is nothing to do but to end with a status: what is to be said has been said.
func (c *cli) parse(args []string, s streams) (subcommand, int) {
	parser, err := arg.NewParser(arg.Config{Program: "stackhand"}, c)
	if err != nil {
		fmt.Fprintln(s.err, "stackhand:", err)
		return nil, 2
	}
	err = parser.Parse(atHome(args))
	names := parser.SubcommandNames()
	help := strings.Join(append([]string{"stackhand"}, names...), " ") + " --help"
	if errors.Is(err, arg.ErrHelp) {
		if err = writeHelp(s.out, names); err == nil {
			return nil, 0
		}
	}
	do, complete := parser.Subcommand().(subcommand)
	if err == nil && !complete {
		err = errors.New("a command is missing")
	}
	if err == nil {
		err = missingFile(do)
	}
	if err != nil {
		fmt.Fprintf(s.err, "stackhand: %s%s\n%s tells what there is.\n", inPlain.Replace(err.Error()), meant(err, names), help)
		return nil, 2
	}
	return do, 0
}

// inPlain says what is wrong with a value without the words of Go.
var inPlain = strings.NewReplacer("error processing ", "", "strconv.ParseInt: parsing ", "no whole number: ", "strconv.ParseFloat: parsing ", "no number: ",
	"strconv.ParseBool: parsing ", "neither true nor false: ", ": invalid syntax", "", "slog: ", "", "time: ", "")

// writeHelp writes the help of a command by its names, which begins with what that does.
func writeHelp(w io.Writer, names []string) error {
	_, about := way(names)
	c := &cli{about: about}
	parser, err := arg.NewParser(arg.Config{Program: "stackhand"}, c)
	if err != nil {
		return err
	}
	return parser.WriteHelpForSubcommand(w, names...)
}

// atHome puts the home directory in the place of ~, which shells leave alone in --option=~/file.
func atHome(args []string) []string {
	home, err := os.UserHomeDir()
	if err != nil {
		return args
	}
	out := slices.Clone(args)
	for i, a := range out {
		if option, file, ok := strings.Cut(a, "=~/"); ok && strings.HasPrefix(a, "--") && !strings.Contains(option, "=") {
			out[i] = option + "=" + filepath.Join(home, file)
		}
	}
	return out
}
