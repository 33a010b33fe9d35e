// Command stackhand is the bot, its demo, and what an operator needs beside them.
package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"syscall"

	"github.com/alecthomas/kong"

	"github.com/stackhand/stackhand"
)

// cli is the command line. Secrets are never flags: they come from the environment or from files that
// the configuration names.
type cli struct {
	Config string `help:"Configuration file (default: $$STACKHAND_CONFIG, ./stackhand.yaml, /etc/stackhand/stackhand.yaml)." type:"path" placeholder:"FILE"`

	Serve    serveCmd    `cmd:"" help:"Run the bot."`
	Demo     demoCmd     `cmd:"" help:"Run the bot with a simulated Slack workspace and a simulated OpenStack, all on loopback."`
	Doctor   doctorCmd   `cmd:"" help:"Check the configuration, Slack, the clouds, the store and the keyset."`
	Manifest manifestCmd `cmd:"" help:"Print the Slack app manifest for this configuration, and the link that creates the app."`
	Keyset   struct {
		New     keysetNewCmd     `cmd:"" help:"Print a new keyset for STACKHAND_KEYSET."`
		Rotate  keysetRotateCmd  `cmd:"" help:"Print the keyset in STACKHAND_KEYSET with a new first key; the old ones still open what they sealed."`
		Abandon keysetAbandonCmd `cmd:"" help:"Where the keyset is lost: forget all logins in the store, which nobody can open any more."`
	} `cmd:"" help:"The encryption keyset."`
	Policy struct {
		Test policyTestCmd `cmd:"" help:"Run a table of examples against the rules of the configuration."`
	} `cmd:"" help:"The rules of the configuration."`
	Audit struct {
		Export auditExportCmd `cmd:"" help:"Print the audit trail as JSON lines, the oldest first."`
		Verify auditVerifyCmd `cmd:"" help:"Prove that no record of the audit trail was changed, is missing, or was cut off."`
	} `cmd:"" help:"The audit trail: who did what, when, from where, approved by whom. Works while the bot runs, and while it does not."`
	Backup  backupCmd  `cmd:"" help:"Write a consistent copy of the store to a file, also while the bot runs."`
	Restore restoreCmd `cmd:"" help:"Put a copy that backup wrote in the place of the store; the bot must not run."`
	Health  healthCmd  `cmd:"" help:"Ask the running bot whether it is well; for container health checks."`
	Version versionCmd `cmd:"" help:"Print version, commit and Go version."`
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

func run(ctx context.Context, args []string, s streams) (code int) {
	var c cli
	ended := false
	parser, err := kong.New(&c,
		kong.Name("stackhand"),
		kong.Description("Servers from your OpenStack cloud, inside Slack."),
		kong.UsageOnError(),
		kong.Writers(s.out, s.err),
		kong.Exit(func(c int) { code, ended = c, true }),
		kong.BindTo(ctx, (*context.Context)(nil)),
	)
	if err != nil {
		fmt.Fprintln(s.err, "stackhand:", err)
		return 2
	}
	k, err := parser.Parse(args)
	if ended { // help was asked for, and shown
		return code
	}
	if err != nil {
		fmt.Fprintf(s.err, "stackhand: %v\nstackhand --help lists the commands.\n", err)
		return 2
	}
	err = k.Run(&c, s)
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
