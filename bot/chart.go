package bot

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"

	"github.com/slack-go/slack"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
)

// Slack's limits of a chart.
// Source: docs.slack.dev/reference/block-kit/blocks/data-visualization-block.
const (
	maxChartTitle  = 50
	maxChartLabel  = 20
	maxChartSeries = 6
	maxChartLabels = 20
	maxSegments    = 6
)

// chartBlock draws a chart; nil where Slack cannot: the text beside it says the same anyway.
func chartBlock(c *commands.Chart) slack.Block {
	if c == nil {
		return nil
	}
	d := dataOf(c)
	var chart slack.DataVisualizationChart
	axis := slack.NewDataVisualizationAxisConfig(d.labels...)
	axis.YLabel = clip(c.Unit, maxChartTitle)
	switch c.Kind {
	case "pie":
		chart = pieOf(d)
	case "line":
		chart = slack.NewDataVisualizationLineChart(axis, d.drawn()...)
	default:
		chart = slack.NewDataVisualizationBarChart(axis, d.drawn()...)
	}
	block := slack.NewDataVisualizationBlock(clip(firstOf(c.Title, "Chart"), maxChartTitle), chart)
	if block.Validate() != nil {
		return nil
	}
	return block
}

// data is a chart within Slack's limits.
type data struct {
	labels []string
	series []commands.Series
}

// dataOf brings a chart's numbers into the limits. What is too much is added up, so that the
// sums stay true: the last series as "others", labels with their neighbours.
func dataOf(c *commands.Chart) data {
	labels := make([]string, len(c.Labels))
	for i, l := range c.Labels {
		labels[i] = stackhand.Clean(l)
	}
	per := (len(labels) + maxChartLabels - 1) / maxChartLabels
	if c.Kind == "pie" {
		per = 1
	}
	var d data
	for i := 0; i < len(labels); i += max(per, 1) {
		last := min(i+per, len(labels)) - 1
		d.labels = append(d.labels, span(labels[i], labels[last]))
	}
	d.labels = unlike(d.labels)
	for _, s := range c.Series {
		sums := make([]float64, len(d.labels))
		for i, v := range s.Values[:min(len(s.Values), len(labels))] {
			if !math.IsNaN(v) && !math.IsInf(v, 0) {
				sums[i/max(per, 1)] += v
			}
		}
		d.series = append(d.series, commands.Series{Name: stackhand.Clean(s.Name), Values: sums})
	}
	if len(d.series) > maxChartSeries {
		d.series = append(d.series[:maxChartSeries-1], others(d.series[maxChartSeries-1:]))
	}
	var names []string
	for _, s := range d.series {
		names = append(names, s.Name)
	}
	for i, name := range unlike(names) {
		d.series[i].Name = name
	}
	return d
}

// span is the label of several neighbours.
func span(first, last string) string {
	if first == last {
		return first
	}
	const each = (maxChartLabel - 1) / 2
	return clip(first, each) + "–" + clip(last, each)
}

func others(all []commands.Series) commands.Series {
	sum := commands.Series{Name: fmt.Sprintf("%d others", len(all)), Values: make([]float64, len(all[0].Values))}
	for _, s := range all {
		for i, v := range s.Values {
			sum.Values[i] += v
		}
	}
	return sum
}

// unlike shortens names so that no two are the same.
func unlike(names []string) []string {
	out := make([]string, 0, len(names))
	for _, name := range names {
		short := clip(firstOf(name, "–"), maxChartLabel)
		for n := 2; slices.Contains(out, short); n++ {
			tail := " " + strconv.Itoa(n)
			short = clip(firstOf(name, "–"), maxChartLabel-len(tail)) + tail
		}
		out = append(out, short)
	}
	return out
}

func (d data) drawn() []slack.DataVisualizationDataSeries {
	var out []slack.DataVisualizationDataSeries
	for _, s := range d.series {
		var points []slack.DataVisualizationDataPoint
		for i, label := range d.labels {
			points = append(points, slack.NewDataVisualizationDataPoint(label, rounded(s.Values[i])))
		}
		out = append(out, slack.NewDataVisualizationDataSeries(s.Name, points...))
	}
	return out
}

// pieOf draws the greatest parts, and the rest as one; Slack takes only parts above zero.
func pieOf(d data) *slack.DataVisualizationPieChart {
	var parts []slack.DataVisualizationSegment
	if len(d.series) > 0 {
		for i, label := range d.labels {
			if v := rounded(d.series[0].Values[i]); v > 0 {
				parts = append(parts, slack.NewDataVisualizationSegment(label, v))
			}
		}
	}
	slices.SortStableFunc(parts, func(a, b slack.DataVisualizationSegment) int { return cmp.Compare(b.Value, a.Value) })
	if len(parts) > maxSegments {
		rest := parts[maxSegments-1:]
		sum := slack.NewDataVisualizationSegment(fmt.Sprintf("%d others", len(rest)), 0)
		for _, p := range rest {
			sum.Value += p.Value
		}
		parts = append(parts[:maxSegments-1], sum)
	}
	return slack.NewDataVisualizationPieChart(parts...)
}

// rounded keeps four digits behind the point: a picture shows no more.
func rounded(v float64) float64 { return math.Round(v*1e4) / 1e4 }

// chartTable is a chart's numbers for those who do not see it.
func chartTable(c *commands.Chart) *commands.Table {
	t := &commands.Table{Columns: []string{"", c.Unit}}
	if len(c.Series) > 1 {
		t.Columns = []string{c.Unit}
		for _, s := range c.Series {
			t.Columns = append(t.Columns, s.Name)
		}
	}
	for i, label := range c.Labels {
		row := []string{label}
		for _, s := range c.Series {
			cell := ""
			if i < len(s.Values) {
				cell = strconv.FormatFloat(rounded(s.Values[i]), 'f', -1, 64)
			}
			row = append(row, cell)
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

// hasChart tells whether the message shows one, and withoutCharts is the same without.
func (m message) hasChart() bool { return slices.ContainsFunc(m.Blocks, isChart) }

func (m message) withoutCharts() message {
	m.Blocks = slices.DeleteFunc(slices.Clone(m.Blocks), isChart)
	return m
}

func isChart(b slack.Block) bool { return b.BlockType() == slack.MBTDataVisualization }

// drawing sends a message, and once more without its charts where Slack refuses its blocks:
// not every workspace has charts. That is remembered until the next start.
func (w *web) drawing(m message, send func(message) error) error {
	if !m.hasChart() {
		return send(m)
	}
	if w.plain.Load() {
		return send(m.withoutCharts())
	}
	err := send(m)
	if err == nil || outcomeOf(err) != refused || !refusesBlocks(err) {
		return err
	}
	w.plain.Store(true)
	return send(m.withoutCharts())
}

// refusesBlocks tells whether it is the blocks that Slack refused. What it calls the reason
// differs between methods and response_urls.
func refusesBlocks(err error) bool {
	return slices.Contains([]string{"invalid_blocks", "invalid_blocks_format", "invalid_payload", "unsupported_block"}, slackCode(err))
}
