package blockkit

import "testing"

const (
	txt     = `{"type":"plain_text","text":"x","emoji":true}`
	md      = `{"type":"mrkdwn","text":"x","verbatim":false}`
	ask     = `"confirm":{"title":` + txt + `,"text":` + md + `,"confirm":` + txt + `,"deny":` + txt + `,"style":"danger"}`
	option  = `{"text":` + txt + `,"value":"v","description":` + txt + `}`
	rich    = `{"type":"rich_text","elements":[{"type":"rich_text_section","elements":[{"type":"text","text":"x","style":{"bold":true}}]}]}`
	picture = `{"type":"image","alt_text":"x","slack_file":{"id":"F1"}}`
)

// One of each: what Slack takes must not be refused.
func TestGoodBlocks(t *testing.T) {
	for _, c := range []struct {
		surface Surface
		block   string
	}{
		{Message, `{"type":"section","text":` + md + `,"accessory":{"type":"button","text":` + txt + `,"style":"danger","url":"https://x.org",` + ask + `}}`},
		{Message, `{"type":"section","fields":[` + txt + `,` + md + `],"expand":true,"accessory":` + picture + `}`},
		{Message, `{"type":"section","text":` + md + `,"accessory":{"type":"overflow","options":[` + option + `],` + ask + `}}`},
		{Message, `{"type":"actions","elements":[{"type":"workflow_button","text":` + txt + `,"workflow":{}},{"type":"datepicker","initial_date":"2026-01-02","placeholder":` + txt + `},
			{"type":"timepicker","initial_time":"09:30","timezone":"Europe/Berlin"},{"type":"datetimepicker","initial_date_time":1795239064},
			{"type":"checkboxes","options":[` + option + `],"initial_options":[` + option + `],` + ask + `},{"type":"radio_buttons","options":[` + option + `],"initial_option":` + option + `}]}`},
		{Message, `{"type":"actions","elements":[{"type":"users_select","initial_user":"U1"},{"type":"conversations_select","initial_conversation":"C1","filter":{}},{"type":"channels_select","initial_channel":"C1"},
			{"type":"external_select","min_query_length":0,"initial_option":` + option + `},{"type":"static_select","option_groups":[{"label":` + txt + `,"options":[` + option + `]}],"initial_option":` + option + `}]}`},
		{Message, `{"type":"context_actions","elements":[{"type":"feedback_buttons","positive_button":{"text":` + txt + `,"value":"p"},"negative_button":{"text":` + txt + `,"value":"n"}},{"type":"icon_button","icon":"trash","text":` + txt + `}]}`},
		{Message, `{"type":"context","elements":[` + md + `,` + picture + `]}`},
		{Message, `{"type":"video","alt_text":"x","title":` + txt + `,"video_url":"https://x.org/v","thumbnail_url":"https://x.org/t","author_name":"x","description":` + txt + `}`},
		{Message, `{"type":"rich_text","elements":[{"type":"rich_text_list","style":"ordered","indent":1,"elements":[{"type":"rich_text_section","elements":[{"type":"link","url":"https://x.org"},{"type":"user","user_id":"U1"}]}]},
			{"type":"rich_text_preformatted","elements":[{"type":"text","text":"x"}],"border":0},{"type":"rich_text_quote","elements":[{"type":"emoji","name":"eyes"},{"type":"date","timestamp":1,"format":"{date}"}]}]}`},
		{Message, `{"type":"data_table","caption":"x","page_size":10,"row_header_column_index":0,"rows":[[{"type":"raw_text","text":"x"},{"type":"raw_number","value":1.5},` + rich + `,{"type":"button","element":{"type":"button","text":` + txt + `}}]]}`},
		{Message, `{"type":"table","rows":[[{"type":"raw_text","text":"x"}]],"column_settings":[{"align":"right","is_wrapped":true}]}`},
		{Message, `{"type":"data_visualization","title":"x","chart":{"type":"bar","series":[{"name":"cpu","data":[{"label":"a","value":1}]}],"axis_config":{"categories":["a"],"x_label":"x"}}}`},
		{Message, `{"type":"plan","title":"x","tasks":[{"type":"task_card","task_id":"1","title":"x","status":"in_progress","details":` + rich + `,"sources":[{"type":"url","url":"https://x.org","text":"x"}]}]}`},
		{Modal, `{"type":"alert","text":` + md + `,"level":"warning"}`},
		{Home, `{"type":"card","hero_image":` + picture + `,"title":` + md + `,"actions":[{"type":"button","text":` + txt + `}]}`},
		{Message, `{"type":"container","title":` + txt + `,"width":"wide","is_collapsible":true,"icon":` + picture + `,"rich_text_title":` + rich + `,"child_blocks":[{"type":"divider"}]}`},
		{Modal, `{"type":"layout","label":"x","rows":[{"items":[{"block":{"type":"divider"}}]}],"fallback":[{"type":"divider"}]}`},
		{Message, `{"type":"call","call_id":"R1"}`},
		{Modal, `{"type":"input","label":` + txt + `,"hint":` + txt + `,"optional":true,"dispatch_action":true,"element":{"type":"plain_text_input","multiline":true,"min_length":1,"max_length":3000,"initial_value":"x"}}`},
		{Modal, in(`{"type":"number_input","is_decimal_allowed":false,"min_value":"1","max_value":"9","initial_value":"3"}`)},
		{Modal, in(`{"type":"email_text_input","initial_value":"a@b.c"}`)},
		{Modal, in(`{"type":"url_text_input"}`)},
		{Modal, in(`{"type":"rich_text_input","min_lines":1,"max_lines":9}`)},
		{Modal, in(`{"type":"file_input","filetypes":["txt"],"max_files":3}`)},
		{Modal, in(`{"type":"multi_static_select","options":[` + option + `],"max_selected_items":1,"initial_options":[` + option + `]}`)},
		{Modal, in(`{"type":"multi_external_select","initial_options":[` + option + `]}`)},
		{Modal, in(`{"type":"multi_users_select","initial_users":["U1"]}`)},
		{Modal, in(`{"type":"multi_channels_select","initial_channels":["C1"]}`)},
		{Modal, in(`{"type":"multi_conversations_select","default_to_current_conversation":true}`)},
	} {
		if got := Validate(c.surface, []byte("["+c.block+"]")); got != nil {
			t.Errorf("%s: %v", c.block, got)
		}
	}
}

func in(element string) string {
	return `{"type":"input","label":` + txt + `,"element":` + element + `}`
}

func TestMoreRefusals(t *testing.T) {
	for _, c := range []struct {
		surface     Surface
		block, want string
	}{
		{Modal, in(`{"type":"number_input","is_decimal_allowed":true,"min_value":"few"}`), "/0/element/min_value invalid_value"},
		{Home, in(`{"type":"file_input"}`), "/0/element/type not_allowed"},
		{Modal, in(`{"type":"static_select","options":[` + option + `],"option_groups":[{"label":` + txt + `,"options":[` + option + `]}]}`), "/0/element/options unknown_field"},
		{Modal, in(`{"type":"plain_text_input","multiline":"yes"}`), "/0/element/multiline malformed"},
		{Modal, in(`{"type":"plain_text_input","min_length":1.5}`), "/0/element/min_length malformed"},
		{Modal, in(`{"type":"plain_text_input","max_length":3001}`), "/0/element/max_length invalid_value"},
		{Message, `{"type":"header","text":7}`, "/0/text malformed"},
		{Message, `{"type":"divider","block_id":7}`, "/0/block_id malformed"},
		{Message, `{"type":"actions","elements":[]}`, "/0/elements too_few"},
		{Message, `{"type":"actions","elements":{}}`, "/0/elements malformed"},
		{Message, `{"type":"table","rows":[[]]}`, "/0/rows/0 too_few"},
		{Message, `{"type":"table","rows":[{}]}`, "/0/rows/0 malformed"},
		{Message, `{"type":"table","rows":[[{"type":"raw_number","value":"3"}]]}`, "/0/rows/0/0/value malformed"},
		{Message, `{"type":"table","rows":[[{"type":"sparkle"}]]}`, "/0/rows/0/0/type unknown_type"},
		{Message, `{"type":"rich_text","elements":[{"type":"sparkle"}]}`, "/0/elements/0/type unknown_type"},
		{Message, `{"type":"rich_text","elements":[{"type":"rich_text_list","style":"bullet","elements":[{"type":"rich_text_quote","elements":[]}]}]}`, "/0/elements/0/elements/0/type unknown_type"},
		{Message, `{"type":"rich_text","elements":[{"type":"rich_text_quote","elements":[{"type":"sparkle"}]}]}`, "/0/elements/0/elements/0/type unknown_type"},
		{Message, `{"type":"card"}`, "/0 missing_field"},
		{Message, `{"type":"container","child_blocks":[{"type":"input"}]}`, "/0/child_blocks/0/type not_allowed"},
	} {
		got := codes(Validate(c.surface, []byte("["+c.block+"]")))
		if len(got) != 1 || got[0] != c.want {
			t.Errorf("%s: got %v, want %s", c.block, got, c.want)
		}
	}
}

func TestProblemReads(t *testing.T) {
	p := Validate(Message, []byte(`[{"type":"divider","a/b~c":1}]`))
	if len(p) != 1 || p[0].String() != "[ERROR] invalid additional property: a/b~c [json-pointer:/0/a~1b~0c]" {
		t.Errorf("got %v", p)
	}
}
