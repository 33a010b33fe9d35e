package commands

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"pgregory.net/rapid"
)

func TestDurations(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"3d": 3 * day, "2h30m": 150 * time.Minute, "90m": 90 * time.Minute, "1w": 7 * day, "1.5h": 90 * time.Minute, "2 days": 2 * day,
		"a week": 7 * day, "an hour": time.Hour, "1 month": 30 * day, "2 hours and 5 minutes": 125 * time.Minute, "3D": 3 * day, "10s": 10 * time.Second,
	} {
		if got, err := parseDuration(in); err != nil || got != want {
			t.Errorf("%q: %v %v, want %v", in, got, err, want)
		}
	}
	for _, in := range []string{"", "3", "-3d", "x", "d", "3x", "99999999999999999999d", "9999999w", "3d-1h", "1e3h", "３d"} {
		if got, err := parseDuration(in); err == nil {
			t.Errorf("%q was taken as %v", in, got)
		}
	}
	rapid.Check(t, func(t *rapid.T) {
		d := time.Duration(rapid.Int64Range(0, int64(maxDuration/time.Second)).Draw(t, "s")) * time.Second
		if got, err := parseDuration(short(d)); err != nil || got != d {
			t.Fatalf("%v is written %q and read %v, %v", d, short(d), got, err)
		}
	})
}

// TestFormatParse checks that what format writes is read as the same arguments, whatever is in them.
func TestFormatParse(t *testing.T) {
	text := rapid.StringMatching(`[ -~]{1,12}`).Filter(func(s string) bool { return strings.TrimSpace(s) != "" && !strings.Contains(s, "`") })
	name := rapid.OneOf(text, rapid.SampledFrom([]string{"VM", "box", "-x", "key", "security group", "create", "help"}))
	yes := rapid.Bool()
	rapid.Check(t, func(t *rapid.T) {
		on := yes.Draw(t, "floating")
		want := createArgs{
			Name: name.Draw(t, "name"), Count: rapid.IntRange(1, 30).Draw(t, "count"), Flavor: text.Draw(t, "flavor"), Image: text.Draw(t, "image"),
			For: time.Duration(rapid.IntRange(1, 1e6).Draw(t, "for")) * time.Second, Network: "auto", FloatingIP: &on,
			SecurityGroup: rapid.SliceOfN(text, 0, 3).Draw(t, "groups"), Open: rapid.SliceOfN(rapid.IntRange(-9, 99), 0, 3).Draw(t, "open"),
			Property: rapid.MapOfN(rapid.StringMatching(`[a-z:"' -]{1,5}`), text, 0, 3).Draw(t, "property"), ConfigDrive: yes.Draw(t, "drive"),
		}
		line := format("create", want)
		_, env := newWorld()
		words, err := read(env, encode(line)).words()
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		e, rest, exact := resolve(words)
		if e == nil || e.Name != "create" || !exact {
			t.Fatalf("%s is not create", line)
		}
		got, err := e.parse(rest)
		if err != nil {
			t.Fatalf("%s: %v", line, err)
		}
		if diff := cmp.Diff(want, got.Interface(), cmp.AllowUnexported(createArgs{}), cmpopts.IgnoreUnexported(Line{}), cmpopts.EquateEmpty()); diff != "" {
			t.Fatalf("%s\n%s", line, diff)
		}
	})
}

// TestTable checks that every command is whole: its examples are understood as typed.
func TestTable(t *testing.T) {
	seen := map[string]bool{}
	for _, e := range table {
		if seen[e.Name] {
			t.Errorf("%s is there twice", e.Name)
		}
		seen[e.Name] = true
		if e.Help == "" || strings.HasSuffix(e.Help, ".") || !e.hidden && len(e.Examples) == 0 {
			t.Errorf("%s: help %q, examples %v", e.Name, e.Help, e.Examples)
		}
		for _, x := range e.Examples {
			words, err := typed{text: x}.words()
			if err != nil {
				t.Fatal(err)
			}
			c, err := strict(words)
			if err != nil || c.entry != e || !c.exact {
				t.Errorf("%s: the example %q means %v, %v", e.Name, x, c.entry, err)
			}
		}
		for _, s := range e.specs {
			if s.help == "" {
				t.Errorf("%s: no help for %s", e.Name, s.key())
			}
			if s.def != "" {
				if err := set(reflect.New(s.typ).Elem(), s.def); err != nil {
					t.Errorf("%s: default of %s: %v", e.Name, s.key(), err)
				}
			}
		}
	}
	for _, name := range []string{"help", "login", "logout", "whoami", "create", "list", "show", "reboot", "delete", "extend", "jobs", "job show", "cancel", "retry",
		"image list", "flavor list", "network list", "keypair create", "keypair list", "keypair delete", "security group list", "floating ip list"} {
		if !seen[name] {
			t.Errorf("there is no %s", name)
		}
	}
}

func TestNearest(t *testing.T) {
	all := []string{"create", "delete", "list", "reboot", "image list"}
	for word, want := range map[string]string{"creaet": "create", "delte": "delete", "lst": "list", "rebot": "reboot", "imagelist": "image list", "zzzzzz": ""} {
		if got := strings.Join(nearest(word, all, 1), ","); got != want {
			t.Errorf("%s: %q, want %q", word, got, want)
		}
	}
}

// TestFormatOfWordsOfCommands checks lines about servers whose names are words of other commands.
func TestFormatOfWordsOfCommands(t *testing.T) {
	for name, args := range map[string]any{
		"schedule": scheduleArgs{Server: "list", Stop: "20:00"}, "transfer": transferArgs{Server: "accept", To: "bob"}, "extend": extendArgs{Server: "vm"},
	} {
		line := format(name, args)
		_, env := newWorld()
		words, err := read(env, encode(line)).words()
		if err != nil {
			t.Fatal(err)
		}
		if e, _, exact := resolve(words); e == nil || e.Name != name || !exact {
			t.Errorf("%s is read as another command", line)
		}
	}
}
