package openstack

import "fmt"

// parseVolume reads `volume error NAME [times N]`.
func parseVolume(words []string) (Rule, error) {
	usage := fmt.Errorf("a volume goes `volume error NAME [times N]`")
	if len(words) < 2 || words[0] != "error" {
		return Rule{}, usage
	}
	r := Rule{Volume: words[1]}
	for rest := words[2:]; len(rest) > 0; {
		if rest[0] != "times" && rest[0] != "always" && rest[0] != "once" {
			return r, usage
		}
		var err error
		if rest, err = r.option(rest); err != nil {
			return r, err
		}
	}
	return r, nil
}

// planForVolume tells whether a volume or snapshot of that name is to end in error, and uses that up.
func (c *Cloud) planForVolume(name string) bool {
	for i := range c.storage.plans {
		p := &c.storage.plans[i]
		if p.left != 0 && (p.name == name || p.name == "*") {
			if p.left > 0 {
				p.left--
			}
			return true
		}
	}
	return false
}
