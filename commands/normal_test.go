package commands

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

func TestRead(t *testing.T) {
	_, env := newWorld()
	for in, want := range map[string][]string{
		"create web-1 \u2014flavor \u201cm1.small\u201d":                      {"create", "web-1", "--flavor", "m1.small"},
		"create web-1 \u2013for 3d":                                           {"create", "web-1", "--for", "3d"},
		"create web\u20131 \u2018--image\u2019 x":                             {"create", "web-1", "--image", "x"},
		"create x \u2212\u2212for 3d":                                         {"create", "x", "--for", "3d"},
		"create\u00a0web-1\u2003--for\u00a03d":                                {"create", "web-1", "--for", "3d"},
		"<@U0BOT|stackhand> list":                                             {"list"},
		"<@U0BOT>: /stack list":                                               {"list"},
		"@stackhand, list":                                                    {"list"},
		"show <http://web.example.com|web.example.com>":                       {"show", "web.example.com"},
		"show <https://example.com/x>":                                        {"show", "https://example.com/x"},
		"show <mailto:a@b.c|a@b.c> <#C1|ops> <!here> <@U1|bob> <!date^1^x|y>": {"show", "a@b.c", "#ops", "here", "@U1", "y"},
		"x --property a=&lt;b&gt;&amp;amp;":                                   {"x", "--property", "a=<b>&amp;"},
		"`list`":                                                              {"list"},
		"```list --long```":                                                   {"list", "--long"},
		"<@U0BOT> ```\nlist\n```":                                             {"list"},
		"show &lt;http://web-1&gt; &lt;@U0BOB&gt; &lt;@U0BOB|bob&gt; &lt;#C1AB|ops&gt; &lt;mailto:a@b.c|a@b.c&gt;": {"show", "http://web-1", "@U0BOB", "@U0BOB", "#ops", "a@b.c"},
		"x --property a=&lt;b&gt; ```&lt;!DOCTYPE html&gt;&lt;http://x&gt;```":                                     {"x", "--property", "a=<b>", "<!DOCTYPE html><http://x>"},
		"$ list":                               {"list"},
		"li\u200bst":                           {"list"},
		`create "a b" 'c d' e\ f ""`:           {"create", "a b", "c d", "e f", ""},
		"what's up; a && b | c > d $HOME $(x)": {"what's", "up;", "a", "&&", "b", "|", "c", ">", "d", "$HOME", "$(x)"},
		"create x --user-data ```#!/bin/sh\necho \u201chi\u201d &gt; /x\n```": {"create", "x", "--user-data", "#!/bin/sh\necho \u201chi\u201d > /x\n"},
		"create x --file /etc/motd=```\nhello\n``` --for 1d":                  {"create", "x", "--file", "/etc/motd=hello\n", "--for", "1d"},
	} {
		got, err := read(env, in).words()
		if err != nil {
			t.Errorf("%q: %v", in, err)
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("%q:\n%s", in, diff)
		}
	}
}

func TestSecretlike(t *testing.T) {
	secret := []string{
		"-----BEGIN OPENSSH PRIVATE KEY-----\nabc", "-----BEGIN RSA PRIVATE KEY-----", "login password=hunter2", "my password: hunter2", "OS_PASSWORD=x",
		"export OS_PASSWORD='x'", "openstack --os-password x server list", "openstack --os-password=x server list", "nova boot --admin-pass x", "xoxb-1234567890-abcdef", "xapp-1-A111-222-abc",
		"token gAAAAABlZmFrZWZha2VmYWtlZmFrZQ", "application_credential_secret: abc", "--os-application-credential-secret abc", "OS_APPLICATION_CREDENTIAL_SECRET=abc",
		"curl -H 'X-Auth-Token: abc'", "https://bob:pw@example.com/", "Authorization: Bearer abcdefghijklmnopqrst", "login —password x", `{"password": "x"}`, "ghp_0123456789abcdefghijABCDEFGHIJ",
		"client_secret=abc", "PuTTY-User-Key-File-3: ssh-ed25519", "my password is hunter2", "the password for web-1 is: hunter2", "pass=hunter2", "pw: hunter2",
		"create web-1 --property secret=abc", "DB_SECRET=abc", "AKIAIOSFODNN7EXAMPLE",
	}
	for _, s := range secret {
		if what, yes := Secretlike(s); !yes || what == "" {
			t.Errorf("not seen: %s", s)
		}
		_, env := newWorld()
		_, err := say(t, env, alice, s)
		if stackhand.KindOf(err) != stackhand.Invalid || strings.Contains(err.Error(), "hunter2") {
			t.Errorf("%s: %v", s, err)
		}
	}
	for _, s := range []string{
		"create web-1", "keypair create k --public-key ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIGJ5 me@host", "keypair create k --public-key ssh-rsa AAAAB3NzaC1yc2E", "password web-1",
		"what is my password?", "help password", "lock_passwd: true", "see <https://example.com|example.com> please", "ssh_pwauth: false", "create web-1 --property owner=bob",
		"openstack server list", "<mailto:a@b.c|a@b.c>", "reset the password of web-1", "create web-1 --key-name laptop",
		"create secret-1", "is the password of web-1 set?", "list secret servers", "bypass: yes", "create web-1 --property compass=north",
	} {
		if what, yes := Secretlike(s); yes {
			t.Errorf("%s: taken for %s", s, what)
		}
	}
}

// FuzzRead checks that tidying twice changes nothing more, and that no line makes the reader or
// the grammar panic.
func FuzzRead(f *testing.F) {
	for _, s := range []string{"create web-1 —flavor “m1.small”", "<@U1> <http://x|x> ```a``` `b", "—-–x", "\x000\x00", "create 3 small ubuntu servers named web for 2 days", "a = ```b``` '", "--", "nova boot --nic", "-", "/stack @stackhand /stack"} {
		f.Add(s)
	}
	_, env := newWorld()
	f.Fuzz(func(t *testing.T, s string) {
		once := tidy(s)
		if again := tidy(once); again != once {
			t.Errorf("%q is tidied to %q, and that to %q", s, once, again)
		}
		line := read(env, s)
		if len(line.blocks) == 0 {
			if again := read(env, encode(line.text)); again.text != line.text {
				t.Errorf("%q is read as %q, and that as %q", s, line.text, again.text)
			}
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		c, err := understand(ctx, env, alice, line)
		if err == nil && c.entry == nil {
			t.Errorf("%q: neither understood nor refused", s)
		}
		if err == nil {
			_ = c.entry.format(c.args)
		}
	})
}
