package policy

import "time"

// Input is what conditions may look at, as the variables user, channel, request, flavor, image, usage, quota, cost and now.
// What a request is not about is zero.
type Input struct {
	User    User
	Channel Channel
	Request Request
	Flavor  Flavor
	Image   Image
	Usage   Amounts // what the asker has through the bot already, in this project
	Quota   Quota   // of the project
	Cost    Cost    // of what is asked for
	Now     time.Time
	// Unknown are variables that nobody could find out about, such as "quota". A rule that hangs on one cannot be evaluated.
	Unknown []string
}

// User is who asks.
type User struct {
	ID     string   `cel:"id" json:"id,omitzero"`
	Name   string   `cel:"name" json:"name,omitzero"`
	Role   string   `cel:"role" json:"role,omitzero"`     // member, approver, admin
	Groups []string `cel:"groups" json:"groups,omitzero"` // ids of user groups
	Cloud  string   `cel:"cloud" json:"cloud,omitzero"`   // the user's name in the cloud
}

// Channel is where it was asked.
type Channel struct {
	ID     string `cel:"id" json:"id,omitzero"`
	Name   string `cel:"name" json:"name,omitzero"`
	Direct bool   `cel:"direct" json:"direct,omitzero"`
}

// Request is what is asked for. Verb is the command without its noun: "create", "delete", "add". Noun is "server" for most.
type Request struct {
	Verb       string            `cel:"verb" json:"verb,omitzero"`
	Noun       string            `cel:"noun" json:"noun,omitzero"`
	Name       string            `cel:"name" json:"name,omitzero"`
	Cloud      string            `cel:"cloud" json:"cloud,omitzero"`
	Project    string            `cel:"project" json:"project,omitzero"`
	Region     string            `cel:"region" json:"region,omitzero"`
	Owner      string            `cel:"owner" json:"owner,omitzero"` // user id of whose thing it is; the asker's for new ones
	Count      int               `cel:"count" json:"count,omitzero"`
	Lifetime   time.Duration     `cel:"lifetime" json:"lifetime,omitzero"`
	Network    string            `cel:"network" json:"network,omitzero"` // auto, new, or a name
	Zone       string            `cel:"zone" json:"zone,omitzero"`
	Floating   bool              `cel:"floating" json:"floating,omitzero"` // with a floating IP
	Open       []int             `cel:"open" json:"open,omitzero"`         // ports
	Properties map[string]string `cel:"properties" json:"properties,omitzero"`
	UserData   bool              `cel:"user_data" json:"user_data,omitzero"`
	BootGB     int               `cel:"boot_gb" json:"boot_gb,omitzero"`
	SizeGB     int               `cel:"size_gb" json:"size_gb,omitzero"` // of a volume
}

// Flavor is the size asked for. RAM in MiB, Disk in GiB.
type Flavor struct {
	ID    string `cel:"id" json:"id,omitzero"`
	Name  string `cel:"name" json:"name,omitzero"`
	VCPUs int    `cel:"vcpus" json:"vcpus,omitzero"`
	RAM   int    `cel:"ram" json:"ram,omitzero"`
	Disk  int    `cel:"disk" json:"disk,omitzero"`
}

// Image is the image asked for. MinDisk in GiB.
type Image struct {
	ID         string            `cel:"id" json:"id,omitzero"`
	Name       string            `cel:"name" json:"name,omitzero"`
	Visibility string            `cel:"visibility" json:"visibility,omitzero"`
	Owner      string            `cel:"owner" json:"owner,omitzero"`
	MinDisk    int               `cel:"min_disk" json:"min_disk,omitzero"`
	Properties map[string]string `cel:"properties" json:"properties,omitzero"`
}

// Amounts are how much there is. RAM in MiB.
type Amounts struct {
	Servers     int `cel:"servers" json:"servers,omitzero"`
	Cores       int `cel:"cores" json:"cores,omitzero"`
	RAM         int `cel:"ram" json:"ram,omitzero"`
	FloatingIPs int `cel:"floating_ips" json:"floating_ips,omitzero"`
}

// Quota is what the project has and may have. A max of -1 is no bound.
type Quota struct {
	Servers     Of `cel:"servers" json:"servers,omitzero"`
	Cores       Of `cel:"cores" json:"cores,omitzero"`
	RAM         Of `cel:"ram" json:"ram,omitzero"`
	FloatingIPs Of `cel:"floating_ips" json:"floating_ips,omitzero"`
}

// Of is how much of how much.
type Of struct {
	Used int `cel:"used" json:"used,omitzero"`
	Max  int `cel:"max" json:"max,omitzero"`
}

// Cost is what the request will cost, in the currency of the configured prices. Known is false where a price is missing: the
// numbers are then 0.
type Cost struct {
	Known bool    `cel:"known" json:"known,omitzero"`
	Hour  float64 `cel:"hour" json:"hour,omitzero"`
	Day   float64 `cel:"day" json:"day,omitzero"`
	Total float64 `cel:"total" json:"total,omitzero"` // for its lifetime
}

func (in Input) vars() map[string]any {
	vars := map[string]any{
		"user": in.User, "channel": in.Channel, "request": in.Request, "flavor": in.Flavor, "image": in.Image,
		"usage": in.Usage, "quota": in.Quota, "cost": in.Cost, "now": in.Now,
	}
	for _, name := range in.Unknown {
		delete(vars, name)
	}
	return vars
}

// CostOf is what a request costs with servers at a price per hour.
func CostOf(price float64, r Request) Cost {
	hour := price * float64(r.Count)
	return Cost{Known: true, Hour: hour, Day: hour * 24, Total: hour * r.Lifetime.Hours()}
}
