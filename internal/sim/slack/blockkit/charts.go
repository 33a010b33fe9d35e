package blockkit

import "strconv"

// Limits of charts.
// Source: docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
const (
	maxChartTitle  = 50
	maxChartLabel  = 20
	maxChartSeries = 6
	maxChartPoints = 20
)

var chartTypes = []string{"pie", "bar", "line", "area"}

func chart(n node) {
	n.need("title", "chart")
	n.str("title", 1, maxChartTitle)
	n.sub("chart", func(c node) {
		c.need("type")
		c.oneOf("type", chartTypes...)
		if c.m["type"] == "pie" {
			c.fields("type segments")
			c.each("segments", c.list("segments", 1, maxChartSeries, true), func(p node) {
				p.point()
				if v, ok := p.m["value"].(float64); ok && v <= 0 {
					p.c.add(p.at("value"), BadValue, "must be greater than 0")
				}
			})
			return
		}
		c.fields("type series axis_config")
		c.need("axis_config")
		var categories map[string]bool
		c.sub("axis_config", func(a node) { categories = a.axis() })
		names := map[string]bool{}
		c.each("series", c.list("series", 1, maxChartSeries, true), func(s node) {
			s.series(categories)
			s.once("name", names)
		})
	})
}

// axis checks the categories and titles of a chart and returns the categories.
func (n node) axis() map[string]bool {
	n.fields("categories x_label y_label")
	n.str("x_label", 0, maxChartTitle)
	n.str("y_label", 0, maxChartTitle)
	known := map[string]bool{}
	for i, c := range n.list("categories", 1, maxChartPoints, true) {
		ptr := n.at("categories") + "/" + strconv.Itoa(i)
		name, ok := c.(string)
		if !ok {
			n.c.add(ptr, Malformed, "must be a string")
			continue
		}
		n.length(ptr, name, 1, maxChartLabel)
		if known[name] {
			n.c.add(ptr, Duplicate, "the category %q stands twice", name)
		}
		known[name] = true
	}
	return known
}

// series checks that a series has one point for each category.
func (n node) series(categories map[string]bool) {
	n.fields("name data")
	n.need("name")
	n.str("name", 1, maxChartLabel)
	points := n.list("data", 1, maxChartPoints, true)
	seen := map[string]bool{}
	n.each("data", points, func(p node) {
		p.point()
		p.once("label", seen)
		if label, _ := p.m["label"].(string); label != "" && !categories[label] {
			p.c.add(p.at("label"), BadValue, "%q is not among the categories", label)
		}
	})
	if len(points) > 0 && len(points) != len(categories) {
		n.c.add(n.at("data"), BadValue, "exactly one point is needed for each of the %d categories", len(categories))
	}
}

// once refuses a text that was seen before.
func (n node) once(key string, seen map[string]bool) {
	s, _ := n.m[key].(string)
	if s != "" && seen[s] {
		n.c.add(n.at(key), Duplicate, "%q stands twice", s)
	}
	seen[s] = true
}

func (n node) point() {
	n.fields("label value")
	n.need("label", "value")
	n.str("label", 1, maxChartLabel)
	if _, ok := n.m["value"].(float64); n.has("value") && !ok {
		n.c.add(n.at("value"), Malformed, "must be a number")
	}
}
