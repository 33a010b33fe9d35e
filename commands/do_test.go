package commands

import (
	"encoding/json"
	"regexp"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/stackhand/stackhand"
)

// input is what the one job that was started was given.
func input[T any](t *testing.T, w *world) T {
	t.Helper()
	if len(w.order) != 1 {
		t.Fatalf("%d jobs were started, want 1", len(w.order))
	}
	var v T
	if err := json.Unmarshal(w.jobs[w.order[0]].Input, &v); err != nil {
		t.Fatal(err)
	}
	return v
}

// expect checks that a text matches the regular expressions.
func expect(t *testing.T, got string, want ...string) {
	t.Helper()
	for _, p := range want {
		if !regexp.MustCompile(`(?s)` + p).MatchString(got) {
			t.Errorf("no match for %q in:\n%s", p, got)
		}
	}
}

func TestCreateSentence(t *testing.T) {
	for line, want := range map[string]string{
		"create 3 small ubuntu servers named web for 2 days":           `create web --count 3 --flavor m1.small --image "Ubuntu 22.04" --for 2d`,
		"please give me a server called db-1 for a week":               `create db-1 --for 7d`,
		"<@U0BOT> spin up web-1 please":                                `create web-1`,
		"I'd like to have a debian 12 machine named db-1, thanks!":     `create db-1 --image "Debian 12"`,
		"launch two m1.medium instances called app":                    `create app --count 2 --flavor m1.medium`,
		"make me a server with 4 GB of ram named big-1":                `create big-1 --flavor ram=4096`,
		"can you boot web-7 with image debian for 3 hours?":            `create web-7 --image debian --for 3h`,
		"create a small server web-9":                                  `create web-9 --flavor m1.small`,
		"@stackhand: launch an instance named x1 with key laptop":      `create x1 --key-name laptop`,
		"create a medium server named web-1 for 8h --open 22,80":       `create web-1 --flavor m1.medium --for 8h --open 22,80`,
		"nova boot --image 'Debian 12' --flavor 2 web-1":               `create web-1 --flavor 2 --image "Debian 12"`,
		"openstack server create --image i-jammy --flavor 2 --wait w1": `create w1 --flavor 2 --image i-jammy`,
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			if got := r.Notice.String(); got != "Understood as "+want {
				t.Errorf("notice\n got %s\nwant Understood as %s", got, want)
			}
			if len(w.jobs) != 1 {
				t.Errorf("%d jobs", len(w.jobs))
			}
		})
	}
}

func TestNothingIsGuessed(t *testing.T) {
	for _, line := range []string{
		"don't delete web-1", "do not delete web-1", "delete web-1 tomorrow", "delete everything but web-1", "delete web-1 and create web-2",
		"never reboot web-1", "reboot web-1 if it hangs", "delete web-1, not web-2", "create a server with 3 gpus named x", "create a frobnicated server named x",
		"could you delete the old servers", "stop deleting web-1", "create web-1 web-2", "make me a sandwich", "delete all", "delete all my servers", "please delete everything", "reboot every machine", "delete network web-1", "remove image web-1",
		"create a server", "create 3 small servers", "delete", "reboot web-1 --frobnicate", "create web-1 --count 2.5",
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			w.give("U0ALICE", "web-1")
			w.give("U0ALICE", "web-2")
			w.give("U0ALICE", "not") // nobody means this one
			r, err := say(t, env, alice, line)
			if err == nil {
				t.Fatalf("was done: %s", told(r, err))
			}
			if len(w.jobs) != 0 {
				t.Errorf("%d jobs were started", len(w.jobs))
			}
			if k := stackhand.KindOf(err); k != stackhand.Invalid && k != stackhand.NotFound {
				t.Errorf("kind %s", k)
			}
			if e, ok := err.(*stackhand.Error); !ok || e.Next == "" {
				t.Errorf("no next step in %v", err)
			}
		})
	}
}

func TestLines(t *testing.T) {
	for line, want := range map[string]string{
		"list":                                 `1 server in team-a of lab:\nName.*web-1 +ACTIVE +203\.0\.113\.5 +U0ALICE +m1\.small +in 23h`,
		"server list":                          `^\n1 server`,
		"ls":                                   `Understood as list\n1 server`,
		"nova list":                            `Understood as list\n1 server`,
		"openstack server list --long -f json": `Understood as list --long\n.*srv-web-1`,
		"what servers do I have?":              `Understood as list --mine`,
		"show me my servers":                   `Understood as list --mine`,
		"list images":                          `Ubuntu 22\.04`,
		"nova image-list":                      `Debian 12`,
		"which images are there?":              `Understood as image list`,
		"flavors":                              `m1\.tiny.*General S.*m1\.small.*m1\.medium`,
		"nova flavor-list":                     `m1\.small +1 +2 GiB +20 GiB +2 +0\.48`,
		"openstack network list":               `public +ACTIVE +external`,
		"security groups":                      `default`,
		"openstack keypair list":               `laptop`,
		"key pair list":                        `laptop`,
		"floating ips":                         `no floating IP in team-a`,
		"show web-1":                           `web-1 ACTIVE 203\.0\.113\.5.*Owner: @U0ALICE.*Log in: ssh ubuntu@203\.0\.113\.5.*network net \(shared\)`,
		"show <http://web-1|web-1>":            `web-1 ACTIVE`,
		"“show” web-1":                         `web-1 ACTIVE`,
		"```\nshow web-1\n```":                 `web-1 ACTIVE`,
		"jobs":                                 `no jobs yet`,
		"whoami":                               `You are @U0ALICE, member`,
		"my servers":                           `Understood as list --mine`,
		"hello":                                `create .*list`,
		"what can you do?":                     `create .*list`,
		"openstack server reboot --hard --wait web-1":         `Reboot web-1`,
		"openstack server show -f value -c status web-1":      `web-1 ACTIVE`,
		"openstack --os-cloud lab server delete --wait web-1": `Delete web-1`,
		"extend web-1 for 2 more days":                        `Understood as extend web-1 2d`,
		"who am i?":                                           `You are @U0ALICE`,
		"clouds":                                              `lab +–`,
		"help":                                                `create.*list, show`,
		"":                                                    `create .*list`,
		"help create":                                         `Usage: create NAME \[--count N\]`,
		"create --help":                                       `Usage: create NAME`,
		"help image":                                          `image list`,
		"help keypair":                                        `keypair create.*keypair delete`,
		"@stackhand reboot web-1":                             `Reboot web-1: job`,
		"please restart web-1":                                `Understood as reboot web-1`,
		"please stop web-1":                                   `Understood as stop web-1`,
		"stop the server web-1 now":                           `Understood as stop web-1`,
		"delete web-1 please":                                 `Understood as delete web-1\nDelete web-1: job`,
		"kill web-1":                                          `Understood as delete web-1`,
		"get rid of web-1":                                    `Understood as delete web-1`,
		"nova delete web-1":                                   `Understood as delete web-1`,
		"extend web-1 by 2 days":                              `Understood as extend web-1 2d\nweb-1 is yours until 2026-11-24 08:00 UTC`,
		"extend web-1 2d":                                     `^\nweb-1 is yours until 2026-11-24 08:00`,
		"extend web-1 —by 1h":                                 `until 2026-11-22 09:00`,
		"/stack list":                                         `1 server`,
		"$ openstack server list":                             `1 server`,
		"```\n$ openstack server list\n```":                   `1 server`,
		"@stackhand $ list":                                   `1 server`,
		"show web-1!":                                         `Understood as show web-1\nweb-1 ACTIVE`,
		"show web-1, please":                                  `Understood as show web-1\nweb-1 ACTIVE`,
		"reboot web-1.":                                       `Understood as reboot web-1\nReboot web-1`,
		"show &lt;http://web-1|web-1&gt;":                     `^\nweb-1 ACTIVE`,
		"create web_1":                                        `^\nCreate web_1: job`,
		"make me a server called web_2":                       `Understood as create web_2\nCreate web_2`,
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			w.give("U0ALICE", "web-1")
			r, err := say(t, env, alice, line)
			if err != nil {
				t.Fatal(told(r, err))
			}
			expect(t, told(r, err), want)
		})
	}
}

func TestMisses(t *testing.T) {
	for line, want := range map[string]string{
		"creat web-1":                                  `Did you mean create\?\nUsage: create NAME`,
		"iamge list":                                   `Did you mean image list\?\nUsage: image list`,
		"frobnicate":                                   `do not understand "frobnicate".*help`,
		"create web-1 --flavour m1.small":              `no option --flavour\. Did you mean --flavor`,
		"create web-1 --count":                         `--count needs a value`,
		"create web-1 --count many":                    `"?many"? is not a whole number`,
		"create web-1 --count 0":                       `--count is from 1 to 20`,
		"create web-1 --count 21":                      `--count is from 1 to 20`,
		"create web-1 --count=-1":                      `--count is from 1 to 20`,
		"create web-1 --for 3 --for 4":                 `time span`,
		"create web-1 --for 3d --for 4d":               `given twice`,
		"create web-1 --for 5000h":                     `at most 14d`,
		"create web!1":                                 `cannot be a server's name.*How about web-1\?`,
		"create Jürgen":                                `How about juergen`,
		"create 服务器":                                   `How about my-server`,
		`create ""`:                                    `name is empty`,
		"create web-1 --open 70000":                    `no port`,
		"create web-1 --boot-from-volume 20000":        `--boot-from-volume is from 1 to 16384 GiB`,
		"create web-1 --boot-from-volume 4":            `A volume of 4 GiB is too small for Ubuntu 22.04, which needs 5 GiB.*--boot-from-volume 5`,
		"create web-1 --boot-from-volume 2000":         `not enough GiB of volumes \(0 of 1000 in use, 2000 needed\)`,
		"create web-1 --fixed-ip 10.0.0.9":             `needs --network`,
		"create web-1 --fixed-ip x":                    `no IPv4`,
		"create web-1 --wait-for http":                 `knows ssh only`,
		"create web-1 --property a":                    `key=value`,
		"create web-1 --property stackhand_x=1":        `not for you`,
		"create web-1 --user-data":                     `nothing to take`,
		"create web-1 --user-data init.sh":             `No file called init.sh was shared`,
		"create web-1 --file motd=x":                   `not of the form`,
		"create web-1 --file /etc/motd=x":              `No file called x was shared`,
		"create web-1 --no-floating-ip --wait-for ssh": `needs a floating IP`,
		"create web-1 --floating-ip --no-floating-ip":  `make no sense`,
		"create web-1 --image nope":                    `no image called nope`,
		"create web-1 --flavor m1.smal":                `Did you mean m1.small`,
		"create web-1 --flavor m1.tiny":                `too small for Ubuntu 22.04, which needs 5 GiB disk, 512 MiB RAM.*General S`,
		"create web-1 --flavor ram=99999":              `No flavor has`,
		"create web-1 --network nope":                  `no network called nope`,
		"create web-1 --key-name nope":                 `no key pair called nope`,
		"create web-1 --security-group nope":           `no security group called nope`,
		"create web-1 --availability-zone mars":        `There are: nova`,
		"create web-2":                                 `You have a server called web-2 in team-a already`,
		"openstack server create --volume v x":         `A server cannot be made from a volume`,
		"list --mine --bogus":                          `no option --bogus`,
		"create a server":                              `create needs a name\. Say for example "create NAME"\.`,
		"image delete x":                               `no image called x`,
		"create a small server":                        `create needs a name.*create NAME --flavor m1.small`,
		"openstack server create --hint x=y w":         `hints are not supported`,
		"nova boot --nic port-id=x w":                  `no counterpart`,
		"list --page 7":                                `no page 7`,
		"show nope":                                    `no server called nope`,
		"show web-3":                                   `Did you mean web-2`,
		"reboot":                                       `Which server`,
		"reboot web-2 --soft --hard":                   `make no sense`,
		"extend web-2 --by 0s":                         `by a minute at least`,
		"extend web-2 300d":                            `at most`,
		"job show zzzz":                                `no job zzzz`,
		"cancel":                                       `Which job`,
		"login nowhere":                                `There are: lab, svc`,
		"jobs --all":                                   `Only administrators`,
		"jobs --limit 0":                               `--limit is from`,
		`create "web-1`:                                `quote is opened`,
		"keypair delete nope":                          `no key pair called nope`,
		"keypair create k":                             `needs your public key.*ssh-keygen`,
		"keypair create k --public-key hello":          `no public key that SSH knows`,
		"keypair create 'a b' --public-key x":          `cannot be a key pair's name`,
	} {
		t.Run(line, func(t *testing.T) {
			w, env := newWorld()
			w.give("U0ALICE", "web-2")
			before := len(w.jobs)
			r, err := say(t, env, alice, line)
			if err == nil {
				t.Fatalf("was accepted: %s", told(r, err))
			}
			expect(t, told(r, err), want)
			if len(w.jobs) != before {
				t.Error("a job was started")
			}
		})
	}
}

func TestRoles(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, guest, "list")
	if stackhand.KindOf(err) != stackhand.Forbidden {
		t.Errorf("guest: %s", told(r, err))
	}
	r, err = say(t, env, bob, "list")
	if stackhand.KindOf(err) != stackhand.Unauthorized || len(r.Actions) != 1 || r.Actions[0].ID != "login" {
		t.Errorf("not logged in: %s", told(r, err))
	}
	w.login["U0BOB"] = "bob"
	for _, line := range []string{"delete web-1", "reboot web-1", "extend web-1"} {
		r, err := say(t, env, bob, line)
		if stackhand.KindOf(err) != stackhand.Forbidden {
			t.Errorf("%s: %s", line, told(r, err))
		}
		expect(t, told(r, err), "belongs to U0ALICE", "Ask U0ALICE")
	}
	if len(w.jobs) != 0 {
		t.Error("something was started")
	}
	if r, err := say(t, env, dana, "delete web-1"); err != nil || r.Job == "" {
		t.Errorf("admin: %s", told(r, err))
	}
}

func TestSharing(t *testing.T) {
	w, env := newWorld()
	w.give("U0ALICE", "web-1")
	r, err := say(t, env, alice, "list --long")
	if err != nil || r.Public || r.Share == "" {
		t.Fatalf("list: %+v %v", r, err)
	}
	line, ok := ClickLine("share", r.Share)
	if !ok {
		t.Fatal("share is no button")
	}
	again, err := say(t, env, alice, line)
	if err != nil || !again.Public {
		t.Errorf("shared: %+v %v", again, err)
	}
	if diff := cmp.Diff(r.Table, again.Table); diff != "" {
		t.Error(diff)
	}
	if r, err := say(t, env, alice, "create web-5 --public"); err != nil || r.Public {
		t.Errorf("create: %+v %v", r, err)
	}
}

func TestClickLine(t *testing.T) {
	for _, c := range []struct {
		id, value, want string
		ok              bool
	}{
		{"reboot", "abc-1", "reboot abc-1", true}, {"delete", "x y", `delete "x y"`, true}, {"login", "", "login", true},
		{"choose", "show x", "show x", true}, {"choose", "show <x>", "show &lt;x&gt;", true}, {"page", "", "", false}, {"rm -rf", "/", "", false}, {"keep", "k3v9x2ab", "keep k3v9x2ab", true},
		{"delete", "<@U1>", `delete "&lt;@U1&gt;"`, true},
	} {
		if got, ok := ClickLine(c.id, c.value); got != c.want || ok != c.ok {
			t.Errorf("%s %q: %q %v", c.id, c.value, got, ok)
		}
	}
}
