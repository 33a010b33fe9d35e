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
}

// User is who asks.
type User struct {
	ID     string   `cel:"id"`
	Name   string   `cel:"name"`
	Role   string   `cel:"role"`   // member, approver, admin
	Groups []string `cel:"groups"` // ids of user groups
	Cloud  string   `cel:"cloud"`  // the user's name in the cloud
}

// Channel is where it was asked.
type Channel struct {
	ID     string `cel:"id"`
	Name   string `cel:"name"`
	Direct bool   `cel:"direct"`
}

// Request is what is asked for. Verb is the command without its noun: "create", "delete", "add". Noun is "server" for most.
type Request struct {
	Verb       string            `cel:"verb"`
	Noun       string            `cel:"noun"`
	Name       string            `cel:"name"`
	Cloud      string            `cel:"cloud"`
	Project    string            `cel:"project"`
	Region     string            `cel:"region"`
	Owner      string            `cel:"owner"` // user id of whose thing it is; the asker's for new ones
	Count      int               `cel:"count"`
	Lifetime   time.Duration     `cel:"lifetime"`
	Network    string            `cel:"network"` // auto, new, or a name
	Zone       string            `cel:"zone"`
	Floating   bool              `cel:"floating"` // with a floating IP
	Open       []int             `cel:"open"`     // ports
	Properties map[string]string `cel:"properties"`
	UserData   bool              `cel:"user_data"`
	BootGB     int               `cel:"boot_gb"`
	SizeGB     int               `cel:"size_gb"` // of a volume
}

// Flavor is the size asked for. RAM in MiB, Disk in GiB.
type Flavor struct {
	ID    string `cel:"id"`
	Name  string `cel:"name"`
	VCPUs int    `cel:"vcpus"`
	RAM   int    `cel:"ram"`
	Disk  int    `cel:"disk"`
}

// Image is the image asked for. MinDisk in GiB.
type Image struct {
	ID         string            `cel:"id"`
	Name       string            `cel:"name"`
	Visibility string            `cel:"visibility"`
	Owner      string            `cel:"owner"`
	MinDisk    int               `cel:"min_disk"`
	Properties map[string]string `cel:"properties"`
}

// Amounts are how much there is. RAM in MiB.
type Amounts struct {
	Servers     int `cel:"servers"`
	Cores       int `cel:"cores"`
	RAM         int `cel:"ram"`
	FloatingIPs int `cel:"floating_ips"`
}

// Quota is what the project has and may have. A max of -1 is no bound.
type Quota struct {
	Servers     Of `cel:"servers"`
	Cores       Of `cel:"cores"`
	RAM         Of `cel:"ram"`
	FloatingIPs Of `cel:"floating_ips"`
}

// Of is how much of how much.
type Of struct {
	Used int `cel:"used"`
	Max  int `cel:"max"`
}

// Cost is what the request will cost, in the currency of the configured prices. Known is false where a price is missing: the
// numbers are then 0.
type Cost struct {
	Known bool    `cel:"known"`
	Hour  float64 `cel:"hour"`
	Day   float64 `cel:"day"`
	Total float64 `cel:"total"` // for its lifetime
}

func (in Input) vars() map[string]any {
	return map[string]any{
		"user": in.User, "channel": in.Channel, "request": in.Request, "flavor": in.Flavor, "image": in.Image,
		"usage": in.Usage, "quota": in.Quota, "cost": in.Cost, "now": in.Now,
	}
}
