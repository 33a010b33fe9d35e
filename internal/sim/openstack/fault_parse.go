package openstack

import (
	"fmt"
	"net/http"
	"strconv"
	"strings"
	"time"
)

var methods = []string{"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "ANY"}

// ParseRule reads a rule from its words:
//
//	METHOD PATH STATUS                        POST /servers 500
//	METHOD PATH STATUS after                  … carried out all the same
//	METHOD PATH drop [after]                  the connection is cut
//	METHOD PATH hang [after]                  no answer comes
//	METHOD PATH expire [after]                the token ends: 401
//	METHOD PATH delay 2s [STATUS …]           slow
//	… times 3 | always | nth 2 | p 0.1        how often, which one, how likely
//	none                                      calls go well again, and so do builds and volumes: what holds for long ends
//	token expire                              every token ends now
//	login revoked USER                        the user's application credentials and tokens are withdrawn; a password still serves
//	build error NAME "FAULT" [times N]        builds of servers of that name (or *) end in ERROR
//	build hang NAME [times N]                 … never end
//	volume error NAME [times N]               volumes and snapshots of that name (or *) end in error
//	resize confirms [SECONDS]                 the cloud confirms resizes by itself: at once, or so long after VERIFY_RESIZE
//	resize waits                              … it does so no more
//	load NAME PERCENT                         servers of that name (or *) are so busy from now on; 5 without it
//	numbers members | admins                  who may read diagnostics: administrators without it
//	numbers gnocchi | no gnocchi              whether there is a metrics service: Options.Metrics without it
//	hosts away | back                         the only hypervisor is disabled, and takes no new servers
//	quota PROJECT NAME N                      quota team-a instances 1
//	catalogue empty | host NAME:PORT | regions NAME… | whole    what tokens tell of the services from now on
//
// METHOD is a verb of HTTP or any; for PATH see Rule.
func ParseRule(words []string) (Rule, error) {
	if len(words) == 0 {
		return Rule{}, fmt.Errorf("a rule is missing: try `POST /servers 500 after`")
	}
	switch strings.ToLower(words[0]) {
	case "none":
		if len(words) > 1 {
			return Rule{}, fmt.Errorf("`none` stands alone, got %q", strings.Join(words[1:], " "))
		}
		return Rule{None: true}, nil
	case "token", "tokens":
		if len(words) != 2 || words[1] != "expire" {
			return Rule{}, fmt.Errorf("`token` can only `expire`, got %q", strings.Join(words[1:], " "))
		}
		return Rule{Tokens: true}, nil
	case "login":
		if len(words) != 3 || words[1] != "revoked" {
			return Rule{}, fmt.Errorf("a login goes `login revoked USER`, got `%s`", strings.Join(words, " "))
		}
		return Rule{Revoked: words[2]}, nil
	case "build":
		return parseBuild(words[1:])
	case "volume":
		return parseVolume(words[1:])
	case "resize":
		return parseResize(words[1:])
	case "load":
		return parseLoad(words[1:])
	case "numbers":
		return parseNumbers(words[1:])
	case "hosts":
		if len(words) != 2 || words[1] != "away" && words[1] != "back" {
			return Rule{}, fmt.Errorf("hosts are `hosts away` or `hosts back`, not %q", strings.Join(words[1:], " "))
		}
		return Rule{Hosts: words[1]}, nil
	case "quota":
		return parseQuota(words[1:])
	case "catalogue":
		return parseCatalogue(words[1:])
	}
	return parseCall(words)
}

func parseBuild(words []string) (Rule, error) {
	var r Rule
	usage := fmt.Errorf("a build goes `build error NAME \"FAULT\"` or `build hang NAME`, got `build %s`", strings.Join(words, " "))
	if len(words) < 2 {
		return r, usage
	}
	r.Build = words[1]
	rest := words[2:]
	switch words[0] {
	case "error":
		r.BuildText = "No valid host was found. There are not enough hosts available."
		if len(rest) > 0 && rest[0] != "times" && rest[0] != "always" {
			r.BuildText, rest = rest[0], rest[1:]
		}
	case "hang":
	default:
		return r, usage
	}
	for len(rest) > 0 {
		var err error
		if rest[0] != "times" && rest[0] != "always" && rest[0] != "once" {
			return r, usage
		}
		if rest, err = r.option(rest); err != nil {
			return r, err
		}
	}
	return r, nil
}

// parseResize reads `resize confirms [SECONDS]` and `resize waits`.
func parseResize(words []string) (Rule, error) {
	usage := fmt.Errorf("a resize goes `resize confirms [SECONDS]` or `resize waits`, got `resize %s`", strings.Join(words, " "))
	switch {
	case len(words) == 1 && words[0] == "waits":
		return Rule{Confirms: true}, nil
	case len(words) == 1 && words[0] == "confirms":
		return Rule{Confirms: true, Confirm: -1}, nil
	case len(words) != 2 || words[0] != "confirms":
		return Rule{}, usage
	}
	n, err := strconv.Atoi(strings.TrimSuffix(words[1], "s"))
	if err != nil || n < 1 {
		return Rule{}, usage
	}
	return Rule{Confirms: true, Confirm: time.Duration(n) * time.Second}, nil
}

func parseQuota(words []string) (Rule, error) {
	if len(words) != 3 {
		return Rule{}, fmt.Errorf("a quota goes `quota PROJECT NAME N`, got %d words", len(words))
	}
	n, err := strconv.Atoi(words[2])
	if err != nil || n < -1 {
		return Rule{}, fmt.Errorf("a quota is a number, −1 for no limit, not %q", words[2])
	}
	name := quotaAlias(words[1])
	_, compute := computeQuotas[name]
	_, network := networkQuotas[name]
	_, storage := volumeQuotas[name]
	if !compute && !network && !storage {
		return Rule{}, fmt.Errorf("there is no quota %q: try instances, cores, ram, networks, ports, routers, floating-ips, volumes, snapshots or gigabytes", words[1])
	}
	return Rule{Project: words[0], Quota: name, Limit: n}, nil
}

func parseCall(words []string) (Rule, error) {
	r := Rule{Method: strings.ToUpper(words[0])}
	known := false
	for _, m := range methods {
		known = known || m == r.Method
	}
	if !known {
		return r, fmt.Errorf("a rule begins with GET, POST, PUT, PATCH, DELETE, any, token, login, build, volume, resize, load, numbers, hosts, quota, catalogue or none, not %q", words[0])
	}
	if len(words) < 3 {
		return r, fmt.Errorf("a rule goes `%s /path STATUS`: the path or what goes wrong is missing", words[0])
	}
	r.Path = words[1]
	if !strings.HasPrefix(r.Path, "/") {
		return r, fmt.Errorf("a path begins with a slash, %q does not", r.Path)
	}
	rest := words[2:]
	for len(rest) > 0 {
		var err error
		if rest, err = r.option(rest); err != nil {
			return r, err
		}
	}
	return r, r.sane()
}

// option reads one word, with its value, and answers what is left.
func (r *Rule) option(words []string) ([]string, error) {
	switch word := strings.ToLower(words[0]); word {
	case "after":
		r.After = true
	case "before":
		r.After = false
	case "drop":
		r.Drop = true
	case "hang":
		r.Hang = true
	case "expire":
		r.Expire = true
	case "once":
		r.Times = 1
	case "always":
		r.Times = -1
	case "delay", "times", "nth", "p":
		if len(words) < 2 {
			return nil, fmt.Errorf("%q needs a value", word)
		}
		return words[2:], r.value(word, words[1])
	default:
		n, err := strconv.Atoi(word)
		if err != nil || n < 400 || n > 599 || http.StatusText(n) == "" {
			return nil, fmt.Errorf("%q is neither a status from 400 to 599 nor one of drop, hang, expire, delay, after, times, always, nth, p", words[0])
		}
		if r.Status != 0 {
			return nil, fmt.Errorf("a rule has one status, this one has %d and %d", r.Status, n)
		}
		r.Status = n
	}
	return words[1:], nil
}

func (r *Rule) value(word, v string) error {
	switch word {
	case "delay":
		d, err := time.ParseDuration(v)
		if err != nil || d <= 0 {
			return fmt.Errorf("a delay is a time such as 2s, not %q", v)
		}
		r.Delay = d
	case "p":
		p, err := strconv.ParseFloat(v, 64)
		if err != nil || !(p > 0 && p <= 1) {
			return fmt.Errorf("p is a probability above 0 and up to 1, not %q", v)
		}
		r.P = p
	default:
		n, err := strconv.Atoi(v)
		if err != nil || n < 1 {
			return fmt.Errorf("%s is a number from 1 on, not %q", word, v)
		}
		if word == "times" {
			r.Times = n
		} else {
			r.Nth = n
		}
	}
	return nil
}

// sane refuses what contradicts itself.
func (r *Rule) sane() error {
	n := 0
	for _, set := range []bool{r.Status != 0, r.Drop, r.Hang, r.Expire} {
		if set {
			n++
		}
	}
	switch {
	case n > 1:
		return fmt.Errorf("a rule has one of a status, drop, hang and expire")
	case n == 0 && r.Delay == 0:
		return fmt.Errorf("the rule for %s %s says nothing that goes wrong", r.Method, r.Path)
	case n == 0 && r.After:
		return fmt.Errorf("`after` is for a status, drop, hang or expire")
	}
	return nil
}
