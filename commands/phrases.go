package commands

import (
	"regexp"
	"strings"
)

// phrases are sentences in everyday words, without their fillers, and the lines that they mean. Words that belong
// together are one, see pairs; bars part words that mean the same.
var phrases = rewrites(`
turn|switch|power|shut $s off|down => stop $s
turn|switch|power $s on => start $s
boot|fire|start $s up => start $s
bring $s back => unshelve $s
snapshot $s => image create $s
snapshot $s as|named|called $n => image create $s --name $n
take|make|create snapshot|image of|from $s => image create $s
take|make|create snapshot|image of|from $s as|named|called $n => image create $s --name $n
take|make|create snapshot|image $n of|from $s => image create $s --name $n
save $s as $n => image create $s --name $n
snapshot volume|disk $v as $n => volume snapshot create $n --volume $v
take|make|create snapshot|volume-snapshot of volume|disk $v as|named|called $n => volume snapshot create $n --volume $v
take|make|create snapshot|volume-snapshot $n of volume|disk $v => volume snapshot create $n --volume $v
attach|mount|connect|plug volume|disk $v to|at|on|into $s => add volume $s $v
add volume|disk $v to $s => add volume $s $v
attach|mount|plug $v to|at|on|into $s => add volume $s $v
detach|unmount|unplug|disconnect|remove volume|disk $v from $s => remove volume $s $v
detach|unmount|unplug $v from $s => remove volume $s $v
give|get|assign|attach $s floating-ip => add floating ip $s
give|get|assign|attach $s floating-ip $i => add floating ip $s $i
add|attach|assign|associate|give floating-ip to|with $s => add floating ip $s
add|attach|assign|associate|give floating-ip $i to|with $s => add floating ip $s $i
make $s public|reachable => add floating ip $s
take|remove|detach|disassociate floating-ip $i from $s => remove floating ip $s $i
take|remove|detach|disassociate floating-ip from $s => remove floating ip $s
rename $s to|as|into $n => rename $s $n
call $s $n => rename $s $n
resize|scale|grow|upgrade|change $s to|into $f => resize $s --flavor $f
rebuild|reinstall $s with|from|on|as|to $i => rebuild $s --image $i
add|connect|attach|plug network $n to $s => add network $s $n
connect|attach|plug $s to|into network $n => add network $s $n
put $s on|in|into network $n => add network $s $n
remove|disconnect|detach network $n from $s => remove network $s $n
take|remove|disconnect|detach $s from|off network $n => remove network $s $n
add security-group $g to $s => add security group $s $g
add|put $s to|in|into security-group $g => add security group $s $g
remove security-group $g from $s => remove security group $s $g
take|remove $s from|out security-group $g => remove security group $s $g
open port $p in|of|on|for security-group $g => security group rule create $g --protocol tcp --dst-port $p
allow port $p in|of|on|for security-group $g => security group rule create $g --protocol tcp --dst-port $p
add|connect|attach subnet $n to|with router $r => router add subnet $r $n
connect|attach router $r to|with subnet $n => router add subnet $r $n
remove|disconnect|detach subnet $n from router $r => router remove subnet $r $n
create volume|disk $v of|with $z => volume create $v --size $z
create volume|disk of|with $z named|called $v => volume create $v --size $z
create $z volume|disk named|called $v => volume create $v --size $z
create $z volume|disk $v => volume create $v --size $z
change|reset|set password of|for|on|at $s => password $s
console of|for|from $s => console log $s
show console|log|logs of|for|from $s => console log $s
open console of|for|on $s => console url $s
what happened to|with|on $s => events $s
who did what to|with|on $s => events $s
who touched|changed $s => events $s
how much room|quota|space left => limits
what did cost => usage
how much did use|cost|spend => usage
`)

// politeness are the words of a sentence that a phrase does without.
var politeness = wordSet("please pls plz kindly can could would will you i we me us my our mine the a an now just thanks thank hey hi hello is are do does it server vm instance machine have there")

var sizeShape = regexp.MustCompile(`(?i)^(\d+)(gb|gib|g|gigs?|gigabytes?)$`)

var sizeUnit = wordSet("gb gib g gig gigs gigabyte gigabytes")

// phrased is the line that a sentence in everyday words means; nil for any other.
func phrased(words []string) []string {
	head, options := splitOptions(words)
	var said []string
	for i, w := range joinPairs(head) {
		b := bare(w)
		if denial[b] {
			return nil
		}
		if sizeUnit[b] && i > 0 && len(said) > 0 && strings.Trim(said[len(said)-1], "0123456789") == "" {
			said[len(said)-1] += "gb" // "10 GB"
			continue
		}
		if w = strings.Trim(w, "?!.,;:"); w != "" && !politeness[b] && !strings.HasPrefix(w, "@") {
			said = append(said, w)
		}
	}
	if len(said) > 0 && said[0] != "add" && asVerb(strings.ToLower(said[0])) == "create" {
		said[0] = "create"
	}
	for _, p := range phrases {
		if got, ok := p.apply(said, bare); ok && find(p.command()) != nil {
			for i, w := range got {
				if m := sizeShape.FindStringSubmatch(w); m != nil && i > 0 && got[i-1] == "--size" {
					got[i] = m[1]
				}
			}
			return append(got, options...)
		}
	}
	return nil
}
