package bot

import (
	"encoding/json"
	"fmt"
	"math"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/commands"
	sim "github.com/stackhand/stackhand/internal/sim/slack"
	"github.com/stackhand/stackhand/internal/sim/slack/blockkit"
)

func costs() *commands.Chart {
	return &commands.Chart{Title: "Cost by day", Kind: "bar", Unit: "EUR", Labels: []string{"11-20", "11-21"},
		Series: []commands.Series{{Name: "alice", Values: []float64{1.25, 2}}, {Name: "bob", Values: []float64{0, 3}}}}
}

// drawnChart is what the first chart of a message holds.
type drawnChart struct {
	Title string `json:"title"`
	Chart struct {
		Type     string `json:"type"`
		Segments []struct {
			Label string  `json:"label"`
			Value float64 `json:"value"`
		} `json:"segments"`
		Series []struct {
			Name string `json:"name"`
			Data []struct {
				Label string  `json:"label"`
				Value float64 `json:"value"`
			} `json:"data"`
		} `json:"series"`
		Axis struct {
			Categories []string `json:"categories"`
			Y          string   `json:"y_label"`
		} `json:"axis_config"`
	} `json:"chart"`
}

func chartOf(t *testing.T, m message) (c drawnChart) {
	t.Helper()
	for _, b := range m.Blocks {
		if !isChart(b) {
			continue
		}
		raw, err := json.Marshal(b)
		if err == nil {
			err = json.Unmarshal(raw, &c)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	return c
}

func TestAChartStandsBesideTheSameFacts(t *testing.T) {
	m := sheetOf(commands.Reply{Text: stackhand.Textf("6.25 EUR"), Chart: costs()}).message()
	valid(t, blockkit.Message, m)
	for _, want := range []string{"6.25 EUR", "alice", "bob", "11-20", "1.25", "11-21"} {
		if !strings.Contains(m.Text, want) {
			t.Errorf("%q is not in\n%s", want, m.Text)
		}
	}
	c := chartOf(t, m)
	if c.Chart.Type != "bar" || c.Chart.Axis.Y != "EUR" || len(c.Chart.Series) != 2 || c.Chart.Series[1].Data[1].Value != 3 {
		t.Errorf("drawn: %+v", c)
	}
	own := sheetOf(commands.Reply{Chart: costs(), Table: &commands.Table{Columns: []string{"OWNER"}, Rows: [][]string{{"alice, by herself"}}}}).message()
	if !strings.Contains(own.Text, "by herself") || strings.Contains(own.Text, "11-20") {
		t.Errorf("a table of the command's own is not enough:\n%s", own.Text)
	}
}

// What is too much for Slack is added up: nothing of the sum gets lost.
func TestALargeChartKeepsItsSum(t *testing.T) {
	big := &commands.Chart{Title: strings.Repeat("Hours ", 20), Kind: "line"}
	for d := range 31 {
		big.Labels = append(big.Labels, fmt.Sprintf("2026-10-%02d", d+1))
	}
	for o := range 9 {
		s := commands.Series{Name: strings.Repeat("a long name ", 3) + fmt.Sprint(o)}
		for range big.Labels {
			s.Values = append(s.Values, 2)
		}
		big.Series = append(big.Series, s)
	}
	m := sheetOf(commands.Reply{Chart: big}).messages()[0]
	valid(t, blockkit.Message, m)
	c, sum := chartOf(t, m), 0.0
	for _, s := range c.Chart.Series {
		for _, p := range s.Data {
			sum += p.Value
		}
	}
	if len(c.Chart.Series) != 6 || c.Chart.Series[5].Name != "4 others" || len(c.Chart.Axis.Categories) != 16 || sum != 31*9*2 {
		t.Errorf("%d series, %d categories, sum %v", len(c.Chart.Series), len(c.Chart.Axis.Categories), sum)
	}
	pie := &commands.Chart{Title: "By flavor", Kind: "pie", Labels: strings.Split("abcdefgh", ""), Series: []commands.Series{{Values: []float64{1, 0, 3, 4, 5, 6, 7, 8}}}}
	got := chartOf(t, sheetOf(commands.Reply{Chart: pie}).message()).Chart.Segments
	if len(got) != 6 || got[0].Label != "h" || got[5].Label != "2 others" || got[5].Value != 4 {
		t.Errorf("slices: %+v", got)
	}
}

// Whatever a command draws, Slack takes the message.
func TestAnyChartIsValid(t *testing.T) {
	words := rapid.StringOfN(rapid.RuneFrom([]rune("ab -漢")), 0, 40, -1)
	number := rapid.OneOf(rapid.Float64Range(-1e6, 1e6), rapid.SampledFrom([]float64{math.NaN(), math.Inf(1), 0}))
	rapid.Check(t, func(t *rapid.T) {
		c := &commands.Chart{
			Title: words.Draw(t, "title"), Kind: rapid.SampledFrom([]string{"bar", "line", "pie", "", "other"}).Draw(t, "kind"),
			Unit: words.Draw(t, "unit"), Labels: rapid.SliceOfN(words, 0, 70).Draw(t, "labels"),
		}
		for range rapid.IntRange(0, 10).Draw(t, "series") {
			c.Series = append(c.Series, commands.Series{Name: words.Draw(t, "name"), Values: rapid.SliceOfN(number, 0, 80).Draw(t, "values")})
		}
		for _, m := range sheetOf(commands.Reply{Text: stackhand.Textf("x"), Chart: c}).messages() {
			valid(t, blockkit.Message, m)
		}
	})
}

// A workspace that refuses charts is asked once. The answer comes without them, each time.
func TestAWorkspaceWithoutCharts(t *testing.T) {
	for _, c := range []struct{ name, channel, line string }{
		{"by a response_url", "#team-a", "/stack usage"}, {"ephemeral", "#team-a", "@stackhand usage"}, {"directly", "@stackhand", "usage"},
	} {
		t.Run(c.name, func(t *testing.T) {
			w := newWorld(t, sim.Options{NoCharts: true}).boot()
			w.mayRefuse = true
			for range 2 {
				got := w.see(w.typed("alice", c.channel, "", c.line), "It cost 6.25 EUR")
				if strings.Contains(got.Raw, "data_visualization") || !strings.Contains(got.Text, "1.25") {
					t.Errorf("shown: %s", got.Raw)
				}
			}
			w.until("idle", func() bool { return !w.bot.Busy() })
			refused := 0
			for _, call := range w.slack.Calls() {
				if call.Error == "invalid_blocks" {
					refused++
				}
			}
			if refused != 1 {
				t.Errorf("refused %d times", refused)
			}
		})
	}
}

func TestAWorkspaceWithCharts(t *testing.T) {
	w := newWorld(t, sim.Options{}).boot()
	got := w.see(w.typed("alice", "#team-a", "", "/stack usage"), `\[chart\] Cost by day\nalice: 11-20 1.25, 11-21 2`)
	if got.Kind != "ephemeral" {
		t.Errorf("shown as %s", got.Kind)
	}
}
