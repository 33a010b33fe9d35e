package commands

import (
	"fmt"
	"net/netip"
	"regexp"
	"slices"
	"strings"
)

var (
	hostName = regexp.MustCompile(`^[A-Za-z0-9]([A-Za-z0-9._-]*[A-Za-z0-9])?$`)
	unHost   = regexp.MustCompile(`[^a-z0-9._-]+`)
	umlauts  = strings.NewReplacer("ä", "ae", "ö", "oe", "ü", "ue", "ß", "ss", "é", "e", "è", "e", "ê", "e", "á", "a", "à", "a", "â", "a",
		"ç", "c", "ñ", "n", "ó", "o", "ò", "o", "ô", "o", "í", "i", "î", "i", "ú", "u", "û", "u", "å", "a", "ø", "o", "æ", "ae", "š", "s", "ž", "z", "ł", "l")
)

const (
	maxName   = 63
	maxVolume = 16384 // GiB; what a cloud takes at most is for its quota to say
)

// check refuses what makes no sense whatever the cloud holds.
func (a *createArgs) check(set Settings) error {
	e := find("create")
	if err := a.checkName(e); err != nil {
		return err
	}
	switch {
	case a.Count < 1 || a.Count > maxCount:
		return e.misuse("--count is from 1 to %d, not %d.", maxCount, a.Count)
	case a.BootFromVolume < 0 || a.BootFromVolume > maxVolume:
		return e.misuse("--boot-from-volume is from 1 to %d GiB, not %d.", maxVolume, a.BootFromVolume)
	case a.WaitFor != "" && a.WaitFor != "ssh":
		return e.misuse("--wait-for knows ssh only, not %s.", quote(clip(a.WaitFor, 30)))
	case a.FixedIP != "" && a.Count > 1:
		return e.misuse("--fixed-ip is one address, and you ask for %d servers.", a.Count)
	}
	if err := a.checkTime(e, set); err != nil {
		return err
	}
	if err := a.checkPorts(e); err != nil {
		return err
	}
	if a.FixedIP != "" {
		ip, err := netip.ParseAddr(a.FixedIP)
		if err != nil || !ip.Is4() {
			return e.misuse("--fixed-ip %s is no IPv4 address.", quote(clip(a.FixedIP, 40)))
		}
		if a.Network == "auto" || a.Network == "new" {
			return e.misuse("--fixed-ip needs --network with the network that the address is of.")
		}
	}
	return checkProperties(e, a.Property)
}

func (a *createArgs) checkName(e *entry) error {
	longest := maxName
	if a.Count > 1 {
		longest -= len(fmt.Sprint("-", a.Count))
	}
	return checkName(e, a.Name, longest)
}

func clipBytes(s string, n int) string { return s[:min(len(s), n)] }

func (a *createArgs) checkTime(e *entry, set Settings) error {
	switch {
	case a.For > 0 && a.For < minLease:
		return e.misuse("--for is at least %s.", short(minLease))
	case set.LeaseMax > 0 && a.For > set.LeaseMax:
		return e.misuse("--for is at most %s here, not %s.", short(set.LeaseMax), short(a.For))
	}
	return nil
}

func (a *createArgs) checkPorts(e *entry) error {
	for _, p := range a.Open {
		if p < 1 || p > 65535 {
			return e.misuse("--open %d is no port: ports are from 1 to 65535.", p)
		}
	}
	slices.Sort(a.Open)
	a.Open = slices.Compact(a.Open)
	if len(a.Open) > 50 {
		return e.misuse("--open takes at most 50 ports.")
	}
	return nil
}

// ourMark is how the names of the properties begin that mark things as ours.
const ourMark = "stackhand_"

// checkProperties refuses metadata that no cloud takes, and our own marks.
func checkProperties(e *entry, properties map[string]string) error {
	for k, v := range properties {
		switch {
		case len(k) > 255 || len(v) > 255:
			return e.misuse("--property %s is too long: keys and values have at most 255 characters.", quote(clip(k, 40)))
		case strings.HasPrefix(k, ourMark):
			return notYours(e, k)
		}
	}
	return nil
}

func notYours(e *entry, key string) error {
	return e.misuse("--property %s is not for you: the bot marks its servers with such names.", quote(clip(key, 40)))
}
