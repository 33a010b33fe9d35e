package commands

import "strings"

// rewrite says one line in other words: $x is a word, taken as it is; $x… one or more, as the last of them.
type rewrite struct{ from, to []string }

// rewrites reads a table with a line for each rewrite: "from => to".
func rewrites(table string) []rewrite {
	var out []rewrite
	for _, line := range strings.Split(strings.TrimSpace(table), "\n") {
		from, to, _ := strings.Cut(line, "=>")
		out = append(out, rewrite{strings.Fields(from), strings.Fields(to)})
	}
	return out
}

// verb are the words that a line has to begin with.
func (r rewrite) verb() []string {
	for i, w := range r.from {
		if strings.HasPrefix(w, "$") {
			return r.from[:i]
		}
	}
	return r.from
}

// command is the name of the command that it leads to.
func (r rewrite) command() string {
	for i, w := range r.to {
		if strings.HasPrefix(w, "$") || strings.HasPrefix(w, "-") {
			return strings.Join(r.to[:i], " ")
		}
	}
	return strings.Join(r.to, " ")
}

// apply says words anew; ok is false for words that the rewrite is not about. as is how words are compared.
func (r rewrite) apply(words []string, as func(string) string) (out []string, ok bool) {
	got := map[string]string{}
	var rest []string
	for i, w := range r.from {
		name, many := strings.CutSuffix(w, "…")
		switch {
		case i >= len(words):
			return nil, false
		case many:
			rest = words[i:]
			words = words[:i+1]
		case strings.HasPrefix(name, "$"):
			got[name] = words[i]
		case !oneOf(as(words[i]), w):
			return nil, false
		}
	}
	if len(words) > len(r.from) {
		return nil, false
	}
	for _, w := range r.to {
		if strings.HasSuffix(w, "…") {
			out = append(out, rest...)
			continue
		}
		out = append(out, filled(w, got))
	}
	return out, true
}

// oneOf tells whether a word is one of those parted by bars.
func oneOf(word, bars string) bool {
	for _, b := range strings.Split(bars, "|") {
		if word == b {
			return true
		}
	}
	return false
}

// filled puts the values into a word such as "$from:$to". Values are not looked into again.
func filled(w string, got map[string]string) string {
	var b strings.Builder
	for w != "" {
		i := strings.IndexByte(w, '$')
		if i < 0 {
			b.WriteString(w)
			break
		}
		b.WriteString(w[:i])
		end := i + 1
		for end < len(w) && w[end] >= 'a' && w[end] <= 'z' {
			end++
		}
		b.WriteString(got[w[i:end]])
		w = w[end:]
	}
	return b.String()
}

// clientLines are the lines of the clients that are called differently here, by client. More than one line for a verb
// stands for what may be left out. What is not in it of a client other than openstack has no counterpart.
var clientLines = map[string][]rewrite{
	"openstack": rewrites(`
server list => list
server event list $s => events $s
server resize confirm $s => resize $s --confirm
server resize revert $s => resize $s --revert
console log show $s => console log $s
console url show $s => console url $s
limits show => limits
quota show => limits
quota show $p => limits
usage list => usage
usage show => usage
ip floating list => floating ip list
ip floating create $n => floating ip create $n
ip floating delete $x… => floating ip delete $x…
ip floating add $i $s => add floating ip $s $i
ip floating remove $i $s => remove floating ip $s $i
snapshot list => volume snapshot list
snapshot create $v => volume snapshot create $v-snapshot --volume $v
snapshot delete $x… => volume snapshot delete $x…
hypervisor stats show => hypervisor list`),
	"nova": rewrites(`
boot => create
boot $n => create $n
list => list
show $s => show $s
delete $x… => delete $x…
force-delete $x… => delete $x…
reboot $s => reboot $s
start $x… => start $x…
stop $x… => stop $x…
pause $s => pause $s
unpause $s => unpause $s
suspend $s => suspend $s
resume $s => resume $s
lock $s => lock $s
unlock $s => unlock $s
shelve $s => shelve $s
unshelve $s => unshelve $s
rename $s $n => rename $s $n
update $s => set $s
rebuild $s $i => rebuild $s --image $i
resize $s $f => resize $s --flavor $f
resize-confirm $s => resize $s --confirm
resize-revert $s => resize $s --revert
root-password $s => password $s
set-password $s => password $s
meta $s set $p => set $s --property $p
meta $s set $p $q => set $s --property $p --property $q
meta $s delete $k => unset $s --property $k
meta $s delete $k $l => unset $s --property $k --property $l
image-create $s $n => image create $s --name $n
image-list => image list
image-show $i => image show $i
image-delete $x… => image delete $x…
image-meta $i set $p => image set $i --property $p
image-meta $i delete $k => image unset $i --property $k
flavor-list => flavor list
flavor-show $f => flavor show $f
keypair-list => keypair list
keypair-add $k => keypair create $k
keypair-delete $k => keypair delete $k
console-log $s => console log $s
get-vnc-console $s $t => console url $s --type $t
get-spice-console $s $t => console url $s --type $t
get-serial-console $s => console url $s --type serial
get-rdp-console $s $t => console url $s --type $t
instance-action-list $s => events $s
network-list => network list
net-list => network list
tenant-network-list => network list
network-show $n => network show $n
net => network list
interface-list $s => port list --server $s
interface-attach $s $n => add network $s $n
interface-detach $s $p => remove network $s $p
secgroup-list => security group list
secgroup-create $g => security group create $g
secgroup-create $g $d => security group create $g --description $d
secgroup-delete $g => security group delete $g
secgroup-list-rules $g => security group rule list $g
secgroup-add-rule $g icmp $f $t $c => security group rule create $g --protocol icmp --remote-ip $c
secgroup-add-rule $g $p -1 -1 $c => security group rule create $g --protocol $p --remote-ip $c
secgroup-add-rule $g $p $f $t $c => security group rule create $g --protocol $p --dst-port $f:$t --remote-ip $c
secgroup-add-group-rule $g $o $p $f $t => security group rule create $g --protocol $p --dst-port $f:$t --remote-group $o
add-secgroup $s $g => add security group $s $g
remove-secgroup $s $g => remove security group $s $g
list-secgroup $s => show $s
floating-ip-list => floating ip list
floating-ip-create => floating ip create
floating-ip-create $n => floating ip create $n
floating-ip-delete $i => floating ip delete $i
floating-ip-pool-list => network list --external
floating-ip-associate $s $i => add floating ip $s $i
floating-ip-disassociate $s $i => remove floating ip $s $i
add-floating-ip $s $i => add floating ip $s $i
remove-floating-ip $s $i => remove floating ip $s $i
volume-list => volume list
volume-show $v => volume show $v
volume-create $z => volume create --size $z
volume-delete $x… => volume delete $x…
volume-attach $s $v => add volume $s $v
volume-attach $s $v $d => add volume $s $v
volume-detach $s $v => remove volume $s $v
volume-attachments $s => show $s
volume-snapshot-list => volume snapshot list
volume-snapshot-create $v => volume snapshot create --volume $v
volume-snapshot-delete $x… => volume snapshot delete $x…
absolute-limits => limits
limits => limits
quota-show => limits
usage => usage
usage-list => usage
hypervisor-list => hypervisor list
hypervisor-stats => hypervisor list`),
	"neutron": rewrites(`
net-list => network list
net-external-list => network list --external
net-show $n => network show $n
net-create $n => network create $n
net-delete $x… => network delete $x…
subnet-list => subnet list
subnet-show $s => subnet show $s
subnet-create $n $c => subnet create --network $n --subnet-range $c
subnet-create $n $c $s => subnet create $s --network $n --subnet-range $c
subnet-delete $x… => subnet delete $x…
router-list => router list
router-show $r => router show $r
router-create $r => router create $r
router-delete $x… => router delete $x…
router-interface-add $r $s => router add subnet $r $s
router-interface-delete $r $s => router remove subnet $r $s
router-port-list $r => port list --router $r
port-list => port list
port-show $p => port show $p
port-create $n => port create --network $n
port-delete $x… => port delete $x…
security-group-list => security group list
security-group-show $g => security group show $g
security-group-create $g => security group create $g
security-group-delete $x… => security group delete $x…
security-group-rule-list => security group rule list
security-group-rule-create $g => security group rule create $g
security-group-rule-delete $x… => security group rule delete $x…
floatingip-list => floating ip list
floatingip-create => floating ip create
floatingip-create $n => floating ip create $n
floatingip-delete $x… => floating ip delete $x…
quota-show => limits
quota-list => limits`),
	"glance": rewrites(`
index => image list
details => image list
image-list => image list
show $i => image show $i
image-show $i => image show $i
delete $x… => image delete $x…
image-delete $x… => image delete $x…
image-update $i => image set $i
update $i => image set $i`),
	"cinder": rewrites(`
list => volume list
show $v => volume show $v
create => volume create
create $z => volume create --size $z
delete $x… => volume delete $x…
snapshot-list => volume snapshot list
snapshot-create $v => volume snapshot create --volume $v
snapshot-delete $x… => volume snapshot delete $x…
absolute-limits => limits
quota-show => limits`),
	"keystone": rewrites(`
tenant-list => project list
user-list => user list`),
}

// clientWords are lines of the clients that are answered in words: how they begin, and what there is in their place.
var clientWords = []struct{ begins, why, next string }{
	{"openstack token issue", "Tokens are not handed out here: the bot gets them by itself and renews them when they end.", "`whoami` shows who you are logged in as, `login` logs you in."},
	{"openstack token", "Tokens are not handed out here: the bot gets them by itself and renews them when they end.", "`whoami` shows who you are logged in as."},
	{"keystone token-get", "Tokens are not handed out here: the bot gets them by itself and renews them when they end.", "`whoami` shows who you are logged in as, `login` logs you in."},
	{"openstack catalog", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are; your operator's `stackhand doctor` checks their services."},
	{"openstack endpoint", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are; your operator's `stackhand doctor` checks their services."},
	{"openstack service", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are; your operator's `stackhand doctor` checks their services."},
	{"keystone catalog", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are."},
	{"keystone endpoint-list", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are."},
	{"keystone service-list", "The bot reads the catalogue by itself.", "`clouds` shows the clouds that there are."},
	{"openstack image create", "Images cannot be uploaded from a chat.", "`image create SERVER --name NAME` makes one of a server."},
	{"openstack image save", "Images cannot be downloaded into a chat.", "Use the openstack client on your computer for that."},
	{"glance image-create", "Images cannot be uploaded from a chat.", "`image create SERVER --name NAME` makes one of a server."},
	{"glance image-download", "Images cannot be downloaded into a chat.", "Use the openstack client on your computer for that."},
	{"openstack server ssh", "A chat is no terminal.", "`show SERVER` tells the ssh line to use on your computer."},
	{"openstack server migrate", "Servers are moved by the cloud's administrators, with their own tools.", "`hypervisor list` shows where there is room."},
	{"openstack router set", "The gateway of a router is chosen when it is made.", "`router create NAME --external-gateway NETWORK` makes one with it."},
	{"neutron router-gateway-set", "The gateway of a router is chosen when it is made.", "`router create NAME --external-gateway NETWORK` makes one with it."},
	{"neutron router-gateway-clear", "The gateway of a router stays as it was made.", "`router delete ROUTER` deletes the router."},
	{"neutron floatingip-associate", "A floating IP is led to a server by its name.", "`add floating ip SERVER ADDRESS`."},
	{"neutron floatingip-disassociate", "A floating IP is taken from a server by its name.", "`remove floating ip SERVER ADDRESS`."},
	{"openstack floating ip set", "A floating IP is led to a server by its name.", "`add floating ip SERVER ADDRESS`."},
	{"openstack floating ip unset", "A floating IP is taken from a server by its name.", "`remove floating ip SERVER ADDRESS`."},
	{"openstack availability zone list", "Zones are chosen by their names with --availability-zone.", "Leave the option out, and the cloud chooses."},
	{"openstack volume type list", "Volume types are chosen by their names with --type.", "Leave the option out, and the cloud takes its default type."},
	{"cinder type-list", "Volume types are chosen by their names with --type.", "Leave the option out, and the cloud takes its default type."},
}
