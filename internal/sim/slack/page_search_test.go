package slack_test

import (
	"context"
	"fmt"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
	api "github.com/slack-go/slack"

	"github.com/stackhand/stackhand/internal/sim/slack/browse"
)

// projects are the choices of the scripted app: 40, or a group that says why there are none.
func projects(typed string) any {
	if typed == "down" {
		return api.OptionGroupsResponse{OptionGroups: []*api.OptionGroupBlockObject{
			api.NewOptionGroupBlockElement(plain("The cloud does not answer."), api.NewOptionBlockObject("none", plain("Try again in a minute."), nil)),
		}}
	}
	options := []*api.OptionBlockObject{} // the client's own type leaves out an empty list
	for _, name := range append([]string{"team-a", "team-b"}, numbered("project", 38)...) {
		if strings.Contains(name, typed) {
			options = append(options, api.NewOptionBlockObject(name, plain(name), nil))
		}
	}
	return map[string]any{"options": options}
}

func numbered(name string, n int) (all []string) {
	for i := range n {
		all = append(all, fmt.Sprintf("%s-%02d", name, i))
	}
	return all
}

// usage answers with a chart, for the asker alone.
func (a *scripted) usage(ctx context.Context, cmd api.SlashCommand) error {
	days := []string{"11-19", "11-20", "11-21"}
	series := func(name string, values ...float64) api.DataVisualizationDataSeries {
		s := api.DataVisualizationDataSeries{Name: name}
		for i, v := range values {
			s.Data = append(s.Data, api.NewDataVisualizationDataPoint(days[i], v))
		}
		return s
	}
	chart := api.NewDataVisualizationBlock("Cost by day", api.NewDataVisualizationBarChart(
		api.NewDataVisualizationAxisConfig(days...).WithYLabel("EUR"), series("alice", 1.5, 2, 0), series("bob", 0, 3, 4.25)))
	_, err := a.web.PostEphemeralContext(ctx, cmd.ChannelID, cmd.UserID, api.MsgOptionText("It cost 10.75 EUR", false),
		api.MsgOptionBlocks(api.NewSectionBlock(mrkdwn("It cost 10.75 EUR"), nil, nil), chart))
	return err
}

// log uploads a file into the channel.
func (a *scripted) log(ctx context.Context, cmd api.SlashCommand) error {
	content := "[ 0.0] Linux\nlogin:"
	_, err := a.web.UploadFileContext(ctx, api.UploadFileParameters{
		Content: content, FileSize: len(content), Filename: "web-1-console.txt", Channel: cmd.ChannelID, InitialComment: "The console of web-1",
	})
	return err
}

// TestBrowserSearches uses the searchable select, the chart, the file and the private answer, in Debian's chromium.
func TestBrowserSearches(t *testing.T) {
	ctx := browse.Browser(t)
	for name, run := range map[string]func(*testing.T, context.Context){"search": searching, "chart": charting, "file": opening} {
		t.Run(name, func(t *testing.T) { run(t, ctx) })
	}
}

// searching is with the keyboard alone: typing narrows the list, arrows walk it, enter takes one and does not send the form.
func searching(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 900, 700)
	p.Say("composer", "/stack login")
	field := browse.ID("action-project_name")
	p.Click(field)
	p.See(".picker-list:popover-open", "team-a")
	p.Keys("team")
	p.Until(`document.querySelectorAll(".picker-list:popover-open [role=option]").length === 2`)
	p.Keys(kb.ArrowDown)
	p.Keys(kb.ArrowDown)
	p.Until(`document.activeElement.getAttribute("role") === "combobox" && document.activeElement.getAttribute("aria-expanded") === "true"`)
	p.Until(`document.getElementById(document.activeElement.getAttribute("aria-activedescendant")).innerText.trim() === "team-b"`)
	p.Shot("search")
	p.Keys(kb.Enter)
	p.Gone(".picker-list:popover-open")
	p.Until(`document.querySelector("[data-testid=action-project_name]").value === "team-b"`)
	p.See(browse.ID("modal"), "User name")

	p.retype("nothing like it")
	p.See(".picker-list:popover-open", "Nothing fits")
	p.retype("down")
	p.See(".picker-list:popover-open .picker-group", "The cloud does not answer.")
	p.See(".picker-list:popover-open", "Try again in a minute.")
	p.Shot("excuse")
	p.Keys(kb.Escape)
	p.Gone(".picker-list:popover-open")
	p.See(browse.ID("modal"), "User name")
	p.Until(`document.querySelector("[data-testid=action-project_name]").value === "team-b"`)

	p.Click(browse.ID("action-username"))
	p.Keys("alice\tsecret")
	p.Keys(kb.Enter)
	p.Gone(browse.ID("modal"))
	p.See(browse.ID("message"), `{"groups":0,"project":"team-b"}`)
}

// retype types over what stands in the select.
func (p *tab) retype(text string) {
	p.t.Helper()
	p.Keys("a", chromedp.KeyModifiers(chromedp.ModifierCtrl))
	p.Keys(text)
}

func charting(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 900, 800)
	p.Say("composer", "/stack usage")
	private := browse.ID("message") + "[data-ephemeral]"
	p.See(private, "Only visible to you")
	p.See(private+" figcaption", "Cost by day")
	p.Until(`document.querySelectorAll(".chart rect").length === 6`)
	p.See(".chart .legend", "bob")
	p.Click(".chart summary")
	p.See(".chart table caption", "Cost by day")
	p.Until(`[...document.querySelectorAll(".chart tbody tr")].at(-1).innerText.replace(/\s+/g, " ").trim() === "11-21 0 4.25"`)
	p.Shot("light")
	p.Colours("dark")
	p.Shot("dark")
	p.Become("U0BOB")
	p.Gone(private)
}

func opening(t *testing.T, ctx context.Context) {
	p := open(t, ctx, 900, 700)
	p.Say("composer", "/stack log")
	p.See(browse.ID("message"), "The console of web-1")
	p.See(browse.ID("message")+" .file-name", "web-1-console.txt")
	p.Click(browse.ID("file-preview") + " summary")
	p.See(browse.ID("file-preview"), "login:")
	if got := browse.Evaluate[string](p.Tab, `document.querySelector("[data-testid=file-download]").download`); got != "web-1-console.txt" {
		t.Errorf("downloads as %q", got)
	}
}
