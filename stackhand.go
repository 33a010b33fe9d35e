// Package stackhand holds the domain: who asks (User), what they get (Stack,
// Lease, Resource), the work that makes it (Job) and the words it is told in
// (Text, Error). It imports the standard library only; everything else in the
// project is an adapter around it.
package stackhand

import (
	"slices"
	"time"
)

// Role is what a person may do with the bot; each includes those before it.
type Role int

const (
	Guest    Role = iota // refused everywhere
	Member               // everybody in the workspace
	Approver             // may decide requests
	Admin                // may act for others
)

func (r Role) String() string { return [...]string{"guest", "member", "approver", "admin"}[r] }

// User is a person of the chat workspace.
type User struct {
	ID   string `json:"id"` // the workspace's id, such as U0ALICE
	Team string `json:"team,omitempty"`
	Name string `json:"name,omitempty"` // for reading only: never a key
	Role Role   `json:"role"`
	// Groups are the ids of those user groups of the workspace that somebody refers to, in roles, rules or as
	// co-owners, and that the person is in now.
	Groups []string `json:"groups,omitempty"`
}

// Is tells whether an id means the user, or a user group that they are in.
func (u User) Is(id string) bool { return id == u.ID || slices.Contains(u.Groups, id) }

// Place is where in the chat a line was typed. A zero Thread is the channel itself.
type Place struct {
	Team    string `json:"team,omitempty"`
	Channel string `json:"channel"`
	Thread  string `json:"thread,omitempty"` // the id of the thread's first message
	Direct  bool   `json:"direct,omitempty"` // a direct message with the bot
}

// Resource is one thing in a cloud that a job made, or, where Shared is set, uses
// together with other stacks: it goes with the last of them. One without a Job was not made by us: it is used
// by the stack, such as a volume that is attached, and is let go but never removed.
type Resource struct {
	Kind   string `json:"kind"` // one of the Kind… constants below
	ID     string `json:"id"`
	Name   string `json:"name,omitempty"` // also the address of a floating IP
	Parent string `json:"parent,omitempty"`
	Job    string `json:"job"`
	Stack  string `json:"stack,omitempty"` // which of the job's stacks it belongs to; "" for all of them
	Shared bool   `json:"shared,omitempty"`
}

// Kinds of Resource. An interface's ID is its subnet's, its Parent the router.
const (
	KindServer        = "server"
	KindNetwork       = "network"
	KindSubnet        = "subnet"
	KindRouter        = "router"
	KindInterface     = "interface"
	KindSecurityGroup = "security group"
	KindPort          = "port"
	KindFloatingIP    = "floating ip"
	KindKeyPair       = "keypair"
	KindVolume        = "volume"
	KindSnapshot      = "volume snapshot"
	KindRule          = "security group rule" // its Parent is the group
	KindImage         = "image"
)

// StackState says where a stack stands. Time is not in it: see Lease.
type StackState string

const (
	StackBuilding StackState = "building" // its job is at work
	StackReady    StackState = "ready"
	StackKept     StackState = "kept"     // its build failed and somebody wants to look at the pieces
	StackDeleting StackState = "deleting" // a job takes it down
	StackGone     StackState = "gone"     // nothing of it is left; kept for a while for the record
)

// Lease is who owns a stack and until when. Lifetime counts from Ready.
type Lease struct {
	Owner      string        `json:"owner"`          // user id
	Past       []string      `json:"past,omitempty"` // who owned it before: the server's own mark may still name them
	Ready      time.Time     `json:"ready,omitzero"`
	Until      time.Time     `json:"until,omitzero"`     // zero: not ready yet
	For        time.Duration `json:"for"`                // what was asked for
	Extended   string        `json:"extended,omitempty"` // key of the line that moved Until last
	Moved      time.Time     `json:"moved,omitzero"`     // when somebody chose an Until that is later than before; zero: it was not, or is another owner's
	Warned     []Warning     `json:"warned,omitempty"`
	Voided     int           `json:"voided,omitempty"`    // how many warnings were taken back, also of those that Warned does not keep any more
	Extensions Extensions    `json:"extensions,omitzero"` // used of the budget
	Ladder     Ladder        `json:"ladder,omitzero"`     // how far its end has come
}

// Warning is one notice of a step of the ladder that was asked to be sent; Delivered is when the chat
// took it, and Told says who got it. Until is the moment of the step that it spoke of: an extended lease is warned anew.
type Warning struct {
	Before    time.Duration `json:"before"`
	Step      string        `json:"step,omitempty"` // of the ladder; StepSnapshot for a deletion that makes an image first
	Until     time.Time     `json:"until"`
	Notice    string        `json:"notice"` // id of the Notice
	Delivered time.Time     `json:"delivered,omitzero"`
	Volumes   []string      `json:"volumes,omitempty"` // ids of the volumes with data of their own that it said would go too
	Told      []Told        `json:"told,omitempty"`
	Problem   string        `json:"problem,omitempty"` // why it did not reach all whom it was for, in the chat's word: "not_in_channel"
}

// Stack is one server and the resources that were made for it.
type Stack struct {
	ID        string     `json:"id"`
	Rev       int64      `json:"-"` // the store's revision; 0: not stored yet
	Name      string     `json:"name"`
	Cloud     string     `json:"cloud"`
	ProjectID string     `json:"project_id"`
	Project   string     `json:"project"`
	Region    string     `json:"region,omitempty"`
	State     StackState `json:"state"`
	Server    string     `json:"server,omitempty"` // the server's id, once there is one
	Ledger    []Resource `json:"ledger,omitempty"`
	Lease     Lease      `json:"lease"`
	Shared    []string   `json:"shared,omitempty"` // co-owners: ids of users or of user groups
	Transfer  *Transfer  `json:"transfer,omitempty"`
	Job       string     `json:"job"` // which made it
	Busy      string     `json:"busy,omitempty"`
	Place     Place      `json:"place"` // where it was asked for
	Address   string     `json:"address,omitempty"`
	Flavor    string     `json:"flavor,omitempty"`
	Image     string     `json:"image,omitempty"`
	Login     string     `json:"login,omitempty"`  // the image's usual user, for the ssh line
	Status    string     `json:"status,omitempty"` // of the server when a job of ours last left it; "": ACTIVE
	Created   time.Time  `json:"created"`
	// Born is when the cloud made the server, as the cloud says; zero where it was not noted.
	Born time.Time `json:"born,omitzero"`
	Gone time.Time `json:"gone,omitzero"`
}

// Scope is where in its cloud the stack is.
func (s Stack) Scope() Scope { return Scope{ProjectID: s.ProjectID, Region: s.Region} }

// Rename notes another name of the stack's server.
func (s *Stack) Rename(name string) {
	s.Name = name
	for i := range s.Ledger {
		if r := &s.Ledger[i]; r.Kind == KindServer && r.ID == s.Server {
			r.Name = name
		}
	}
}

// Of tells whether the stack is the user's: as its owner or as one of its co-owners.
func (s Stack) Of(u User) bool {
	return u.ID != "" && s.Lease.Owner == u.ID || slices.ContainsFunc(s.Shared, u.Is)
}

// Action is a button. ID is one of the product's action ids; Value is what it acts on.
type Action struct {
	ID      string `json:"id"`
	Label   string `json:"label"`
	Value   string `json:"value"`
	Danger  bool   `json:"danger,omitempty"`  // shown in red
	Confirm string `json:"confirm,omitempty"` // asked before it is sent; "" asks nothing
}

// Notice is a message that is not about a running job, such as the warning before a
// lease ends. It is written down first and posted afterwards, once.
type Notice struct {
	ID   string `json:"id"` // made from what it is about, so that it exists once
	Rev  int64  `json:"-"`
	Job  string `json:"job,omitempty"` // to which answers in its thread belong: the one that made the stack
	User string `json:"user"`          // who is told directly as well
	// Others are told directly where User cannot be: ids of users or of user groups. Where none of them can be told either and
	// the place takes no message, the administrators are told.
	Others    []string          `json:"others,omitempty"`
	Admins    bool              `json:"admins,omitempty"` // the administrators are told if nobody else can be, or where there is no User
	Told      []Told            `json:"told,omitempty"`   // whom it reached
	Place     Place             `json:"place"`
	Text      Text              `json:"text"`
	Actions   []Action          `json:"actions,omitempty"`
	Created   time.Time         `json:"created"`
	Public    Posted            `json:"public,omitzero"` // the message in Place
	Direct    Posted            `json:"direct,omitzero"` // the direct message to User
	More      map[string]Posted `json:"more,omitempty"`  // the direct messages to others, by their ids
	Delivered time.Time         `json:"delivered,omitzero"`
	Dropped   time.Time         `json:"dropped,omitzero"`  // when it was given up, since its place takes nothing and it is for nobody else
	Problem   string            `json:"problem,omitempty"` // why it could not be delivered so far
	Tries     int               `json:"tries,omitempty"`
	NotBefore time.Time         `json:"not_before,omitzero"` // of the next try
	Stale     bool              `json:"stale,omitempty"`     // delivered, and its messages show an older text
	By        string            `json:"by,omitempty"`        // who asks, where somebody does
	Line      string            `json:"line,omitempty"`      // … and for what
	Taken     string            `json:"taken,omitempty"`     // key of the line that answers it: nobody else's does
	Waits     string            `json:"waits,omitempty"`     // id of the job that comes of the answer, or of the request for it, until that is settled
	// Ends is until when it can be answered, where that has an end. Over is what it says, and what By is told, if nobody did.
	Ends     time.Time `json:"ends,omitzero"`
	Over     Text      `json:"over,omitempty"`
	Adoption *Adoption `json:"adoption,omitempty"` // what is offered with it
	// Notices of one Group that are sent at the same time, to the same person or into the same thread, are sent as one message where
	// they are several: it says Brief of each, with its Actions.
	Group string `json:"group,omitempty"`
	Brief Text   `json:"brief,omitempty"`
}

// Open tells whether a notice is still to be delivered, or to be shown as it is now.
func (n Notice) Open() bool { return n.Delivered.IsZero() && n.Dropped.IsZero() || n.Stale }

// Posted is one message that should be, or is, in the chat. Op is written before the
// message is sent and travels in its metadata, so that after a crash it is found again.
type Posted struct {
	Op      string    `json:"op,omitempty"`
	Channel string    `json:"channel,omitempty"`
	TS      string    `json:"ts,omitempty"` // empty with an Op: sent, outcome unknown
	Hash    string    `json:"hash,omitempty"`
	At      time.Time `json:"at,omitzero"`
	Shared  bool      `json:"shared,omitempty"` // it is the message of several notices
}

// Report is what the chat has been shown of a job, or of the request that it will come from. It stays open until the
// final reply of the job's present state is posted.
type Report struct {
	Job     string `json:"job"`
	Rev     int64  `json:"-"`
	Card    Posted `json:"card,omitzero"`  // the message in the channel; its ts is the thread
	Steps   Posted `json:"steps,omitzero"` // the list of steps in the thread, edited in place
	Final   Posted `json:"final,omitzero"` // the last reply, which mentions the asker
	FinalOf string `json:"final_of,omitempty"`
	Told    bool   `json:"told,omitempty"`    // the asker knows that it goes on in a direct message
	Renewed int    `json:"renewed,omitempty"` // how often messages were posted anew, because they were lost
	Resumed int    `json:"resumed,omitempty"`
	Open    bool   `json:"open"`
	// Later is when its messages change by themselves, because an offer ends; zero: never.
	Later time.Time `json:"later,omitzero"`
	// Copies are further messages about its request: for approvers elsewhere, and replies below them.
	Copies []Copy `json:"copies,omitempty"`
}

// Copy is one more message of a Report, under a name of its own. One with a Refused word can never be posted.
type Copy struct {
	Key string `json:"key"`
	Posted
	Refused string `json:"refused,omitempty"`
}

// Inbound is one thing that arrived from the chat and was acknowledged; it is kept until
// it has been handled. Body is the adapter's own JSON, its secret parts sealed.
type Inbound struct {
	ID       string    `json:"id"`  // made from Key: the same delivery gets the same id
	Key      string    `json:"key"` // event_id, trigger_id …: what makes it the same delivery
	Rev      int64     `json:"-"`
	User     string    `json:"user"`
	Kind     string    `json:"kind"`
	Body     []byte    `json:"body"`
	Received time.Time `json:"received"`
	Tries    int       `json:"tries,omitempty"`
}

// Credential is what a user logs in to one project of a cloud with, as it is stored: Sealed can be opened
// only for the same user and cloud. The rest is for showing; Identity.ProjectID is part of its key.
type Credential struct {
	User      string    `json:"user"`
	Cloud     string    `json:"cloud"`
	Rev       int64     `json:"-"`
	Sealed    []byte    `json:"sealed"`
	Identity  Identity  `json:"identity"`
	Created   time.Time `json:"created"`
	Ends      time.Time `json:"ends,omitzero"`
	AppCredID string    `json:"app_cred_id,omitempty"` // the one that we made, to be deleted on logout
	Kind      string    `json:"kind,omitempty"`        // of what is sealed, as Login.AuthType: password, token, v3applicationcredential
}

// OneTime is a secret that is shown to one person, once: the password that a cloud gave a server. It is sealed until then, and
// gone afterwards, or at its end.
type OneTime struct {
	ID     string    `json:"id"`
	Rev    int64     `json:"-"`
	User   string    `json:"user"` // who alone may see it
	Sealed []byte    `json:"sealed"`
	Ends   time.Time `json:"ends"`
}

// Choice is where a user works when a line does not say: the cloud, and in each cloud the project and the region.
type Choice struct {
	User  string           `json:"user"`
	Rev   int64            `json:"-"`
	Cloud string           `json:"cloud,omitempty"`
	In    map[string]Scope `json:"in,omitempty"` // by cloud
}

// LoginTry is an application credential that is about to be made for a login, by the name that it gets. It is written
// before and forgotten once the credential is stored, so that one that was made for nothing is found and deleted.
type LoginTry struct {
	User  string    `json:"user"`
	Cloud string    `json:"cloud"`
	Rev   int64     `json:"-"`
	Name  string    `json:"name"`
	Owner string    `json:"owner"` // id of the cloud's user whose it is
	By    string    `json:"by"`    // the process that makes it
	At    time.Time `json:"at"`
}
