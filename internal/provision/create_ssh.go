package provision

import (
	"bufio"
	"context"
	"fmt"
	"net"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/jobs"
)

// ssh waits until somebody who speaks SSH answers at the server's address. Silence does not
// fail the job: the server is there, and its owner may want to look why.
func (c create) ssh(ctx context.Context, run *jobs.Run, _ Cloud, n int) error {
	job := run.Job()
	var addr string
	if fips := made(job, stackhand.KindFloatingIP, c.stack(n)); len(fips) > 0 {
		addr = fips[0].Name
	} else if _, err := run.Get(key("address", n), &addr); err != nil {
		return err
	}
	look, cancel := context.WithTimeout(ctx, sshFor)
	defer cancel()
	for wait := 500 * time.Millisecond; ; wait = min(2*wait, 10*time.Second) {
		err := c.banner(look, addr)
		if err == nil {
			return run.Note(ctx, addr)
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-look.Done():
			return run.Say(ctx, fmt.Sprintf("%s is up, but SSH at %s did not answer within %s (%v).", c.name(n), addr, words(sshFor), err))
		case <-time.After(wait):
		}
	}
}

// banner reads the line that an SSH server begins with (RFC 4253, section 4.2).
func (c create) banner(ctx context.Context, addr string) error {
	ctx, cancel := context.WithTimeout(ctx, 10*time.Second)
	defer cancel()
	conn, err := c.Dial(ctx, "tcp", net.JoinHostPort(addr, "22"))
	if err != nil {
		return err
	}
	defer conn.Close()
	stop := context.AfterFunc(ctx, func() { conn.Close() })
	defer stop()
	head, err := bufio.NewReader(conn).Peek(4)
	if err != nil {
		return err
	}
	if string(head) != "SSH-" {
		return fmt.Errorf("something else than SSH answers at %s", addr)
	}
	return nil
}
