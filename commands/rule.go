package commands

import (
	"fmt"

	"github.com/stackhand/stackhand"
)

// ruleWords says what a rule of a group lets pass, and from where or to where: "tcp 22 from 10.0.0.0/8"; names are
// those of the groups by their ids.
func ruleWords(g stackhand.SecurityGroup, r stackhand.Rule, names map[string]string) string {
	w := first(r.Protocol, "anything")
	if p := portWords(r); p != "" {
		w += " " + p
	}
	way := " from "
	if r.Direction == "egress" {
		way = " to "
	}
	switch r.RemoteGroup {
	case "":
	case g.ID:
		w += way + "its own servers"
	default:
		w += way + "servers of " + first(names[r.RemoteGroup], r.RemoteGroup)
	}
	if r.RemoteIP != "" && r.RemoteIP != "0.0.0.0/0" && r.RemoteIP != "::/0" {
		w += way + r.RemoteIP
	}
	return w
}

func portWords(r stackhand.Rule) string {
	switch {
	case r.PortMin == 0:
		return ""
	case r.PortMin == r.PortMax:
		return fmt.Sprint(r.PortMin)
	}
	return fmt.Sprintf("%d-%d", r.PortMin, r.PortMax)
}
