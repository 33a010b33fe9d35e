package openstack

import (
	"encoding/json"
	"fmt"
	"strings"
)

// quoted writes a JSON value the way Python prints it: the refusals of a real cloud quote
// what they got so, and people compare.
func quoted(v any) string {
	switch x := v.(type) {
	case nil:
		return "None"
	case bool:
		if x {
			return "True"
		}
		return "False"
	case string:
		if strings.Contains(x, "'") && !strings.Contains(x, `"`) {
			return `"` + x + `"`
		}
		return "'" + strings.ReplaceAll(strings.ReplaceAll(x, `\`, `\\`), "'", `\'`) + "'"
	case json.Number:
		return x.String()
	case []any:
		parts := make([]string, len(x))
		for i, e := range x {
			parts[i] = quoted(e)
		}
		return "[" + strings.Join(parts, ", ") + "]"
	case object:
		var parts []string
		for _, k := range sortedKeys(x) {
			parts = append(parts, quoted(k)+": "+quoted(x[k]))
		}
		return "{" + strings.Join(parts, ", ") + "}"
	}
	return fmt.Sprint(v)
}

// plain is quoted, a string without its quotes.
func plain(v any) string {
	if s, isText := v.(string); isText {
		return s
	}
	return quoted(v)
}
