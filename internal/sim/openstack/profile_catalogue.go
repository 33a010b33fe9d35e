package openstack

import (
	"fmt"
	"slices"
	"strings"
)

// advert is what is wrong with the catalogue: the zero value is a catalogue in order.
type advert struct {
	empty   bool
	host    string   // stands in every address instead of the one that the client used
	regions []string // that the services are in; Region where there are none
}

// parseCatalogue reads what a fault rule says of the catalogue.
func parseCatalogue(words []string) (Rule, error) {
	usage := fmt.Errorf("the catalogue goes `catalogue empty`, `catalogue host NAME:PORT`, `catalogue regions NAME…` or `catalogue whole`, got `catalogue %s`",
		strings.Join(words, " "))
	if len(words) == 0 {
		return Rule{}, usage
	}
	a := &advert{}
	rest := words[1:]
	switch {
	case words[0] == "empty" && len(rest) == 0:
		a.empty = true
	case words[0] == "host" && len(rest) == 1 && !strings.Contains(rest[0], "/"):
		a.host = rest[0]
	case words[0] == "regions" && len(rest) > 0:
		a.regions = rest
	case words[0] == "whole" && len(rest) == 0:
	default:
		return Rule{}, usage
	}
	return Rule{Catalogue: a}, nil
}

// offered are the services that there are: the metrics service only where it is switched on.
func (c *Cloud) offered() []entry {
	return slices.DeleteFunc(slices.Clone(c.identity.entries), func(e entry) bool { return e.kind == "metric" && !c.metered })
}

// services are those that the catalogue names to somebody in a project, by their addresses of the cloud's time.
func (c *Cloud) services(project *project) []entry {
	var out []entry
	for _, e := range c.offered() {
		api, _, _ := strings.Cut(strings.TrimPrefix(e.path, "/"), "/")
		if c.advert.empty || !c.era.has(api) {
			continue
		}
		if e.kind == "compute" {
			e.path = "/compute/" + c.era.nova[0]
			if c.era.tenanted {
				e.path += "/" + project.id
			}
		}
		if project != nil {
			e.path = strings.ReplaceAll(e.path, "$(project_id)s", project.id)
		}
		out = append(out, e)
	}
	return out
}

// regions are the names of the regions that the services are in. All lead to the same cloud.
func (c *Cloud) regions() []string {
	if len(c.advert.regions) == 0 {
		return []string{Region}
	}
	return c.advert.regions
}

// address is where the catalogue says that a service is.
func (c *Cloud) address(q *call, e entry) string {
	if c.advert.host != "" {
		return "http://" + c.advert.host + e.path
	}
	return q.base() + e.path
}
