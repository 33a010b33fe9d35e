package commands

import (
	"slices"
	"strings"

	"github.com/stackhand/stackhand"
)

// dividing is the state of parting a client's line into its words and its options.
type dividing struct {
	e        *entry // the command that the line stands for; nil while that is unknown
	tool     string
	words    []string
	free     []string
	options  []string
	last     string // a value that stands free here, behind the others
	from, to string // of a range of ports, which Neutron's client gives in two options
}

// divide parts a client's line into the words that stand free, and the options in our names.
func divide(e *entry, tool string, words []string) (free, options []string, err error) {
	d := &dividing{e: e, tool: tool, words: words}
	for len(d.words) > 0 {
		w := d.words[0]
		d.words = d.words[1:]
		if w == "--" {
			d.free = append(d.free, d.words...)
			break
		}
		if !isOption(w) {
			d.free = append(d.free, strings.TrimPrefix(w, "subnet="))
			continue
		}
		if err := d.option(w); err != nil {
			return nil, nil, err
		}
	}
	if d.last != "" {
		d.free = append(d.free, d.last)
	}
	if d.from != "" {
		d.options = append(d.options, "--dst-port", d.from+":"+first(d.to, d.from))
	}
	return d.free, d.options, nil
}

func (d *dividing) known(name string) *spec {
	if d.e == nil {
		return nil
	}
	p := parsing{e: d.e}
	s, _ := p.lookup(strings.TrimLeft(name, "-"))
	return s
}

// option takes one option with its value: as it is where the command has it, under our name, or not at all.
func (d *dividing) option(w string) error {
	name, value, has := strings.Cut(w, "=")
	name = optionName(name)
	next := func() string {
		if !has && len(d.words) > 0 && (!isOption(d.words[0]) || name == "--property") {
			value, has, d.words = d.words[0], true, d.words[1:]
		}
		return value
	}
	if done, err := d.special(name, next); done || err != nil {
		return err
	}
	if to, ok := renamed[name]; ok && d.known(name) == nil {
		if to == "" {
			return nil
		}
		if s := d.known(to); s != nil || d.e == nil {
			name = to
		}
	}
	s := d.known(name)
	switch {
	case s != nil && s.flag():
		if !has && len(d.words) > 0 && isBool(d.words[0]) {
			next()
		}
		if has {
			name += "=" + value
		}
		d.options = append(d.options, name)
		return nil
	case s != nil:
		d.options = append(d.options, name, next())
		return nil
	}
	return d.foreign(name, has, next)
}

// foreign takes an option that the command does not have.
func (d *dividing) foreign(name string, has bool, next func() string) error {
	if n, ok := printing[name]; ok {
		if n > 0 {
			next()
		}
		return nil
	}
	if why, ok := refused[name]; ok {
		return stackhand.Errorf(stackhand.Invalid, "%s", why).Do("Send the line again without %s.", name)
	}
	d.options = append(d.options, name)
	if has || len(d.words) > 0 && !isOption(d.words[0]) {
		d.options[len(d.options)-1] += "=" + next()
	}
	return nil
}

// special takes the options that say something in another way than ours; done is false for all others.
func (d *dividing) special(name string, next func() string) (done bool, err error) {
	add := func(words ...string) { d.options = append(d.options, words...) }
	switch name {
	case "--nic", "--net":
		out, err := nic(next())
		add(out...)
		return true, err
	case "--min", "--min-count":
		next()
		return true, nil
	case "--security-groups":
		for _, g := range strings.Split(next(), ",") {
			add("--security-group", g)
		}
		return true, nil
	case "--use-config-drive":
		add("--config-drive")
		return true, nil
	case "--config-drive":
		return d.configDrive(next)
	case "--direction":
		add("--" + strings.ToLower(next()))
	case "--net-id":
		if d.e == nil || d.e.Name != "add network" {
			return false, nil
		}
		d.last = next()
	case "--port-range-min":
		d.from = next()
	case "--port-range-max":
		d.to = next()
	case "--no-gateway":
		add("--gateway", "none")
	case "--disable-dhcp":
		add("--no-dhcp")
	case "--enable-dhcp":
		if v := strings.ToLower(next()); v == "false" || v == "0" {
			add("--no-dhcp")
		}
	case "--public":
		if d.e == nil || d.e.Name != "image list" {
			return false, nil
		}
		add("--visibility", "public")
	case "--private", "--community":
		if d.e == nil || d.e.Name != "image list" {
			return false, nil
		}
		add("--visibility", strings.TrimLeft(name, "-"))
	case "--fixed-ip":
		v := strings.NewReplacer("ip_address=", "ip-address=", "subnet_id=", "subnet=").Replace(next())
		add(name, v)
	default:
		return false, nil
	}
	return true, nil
}

// configDrive reads what other clients take as a value and we as a flag.
func (d *dividing) configDrive(next func() string) (bool, error) {
	if len(d.words) > 0 && !isBool(d.words[0]) {
		d.options = append(d.options, "--config-drive")
		return true, nil
	}
	if v := strings.ToLower(next()); v == "false" || v == "0" {
		d.options = append(d.options, "--no-config-drive")
	} else {
		d.options = append(d.options, "--config-drive")
	}
	return true, nil
}

func isBool(w string) bool {
	return slices.Contains([]string{"true", "false", "0", "1"}, strings.ToLower(w))
}

// nic reads what the clients take after --nic: net-id=ID,v4-fixed-ip=IP.
func nic(value string) ([]string, error) {
	var out []string
	for _, part := range strings.Split(value, ",") {
		k, v, pair := strings.Cut(part, "=")
		switch {
		case !pair:
			out = append(out, "--network", k)
		case k == "net-id" || k == "net-name":
			out = append(out, "--network", v)
		case k == "v4-fixed-ip":
			out = append(out, "--fixed-ip", v)
		default:
			return nil, stackhand.Errorf(stackhand.Invalid, "%s in --nic has no counterpart here.", quote(clip(k, 40))).
				Do("Say --network NAME, and --fixed-ip ADDRESS for a certain address.")
		}
	}
	return out, nil
}
