package commands

import (
	"context"
	"time"

	"github.com/stackhand/stackhand"
	"github.com/stackhand/stackhand/internal/policy"
)

// Env is the world of the commands: what they may read and start. It is made once.
type Env struct {
	Clouds   Clouds
	Jobs     Jobs
	Stacks   Stacks
	Settings Settings
	// Orphans compares clouds with the records. nil: nothing is found.
	Orphans Orphans
	// Live gives the settings in force, where they change while the bot runs: a line sees the same ones from its beginning
	// to its end. nil: they are always Settings.
	Live func() Settings
	Now  func() time.Time
	// Name tells what a person is called in the chat, from a cache, "" where that is unknown.
	// nil shows ids.
	Name func(ctx context.Context, userID string) string
	// Leases are the ends of servers. nil: there is no budget, and nobody is asked whether servers are needed.
	Leases Leases
	// Channel tells what a channel is called as far as that is known, without asking: "" otherwise. nil knows none.
	Channel func(channelID string) string
	// Zone is a person's time zone as the chat tells it, "Europe/Istanbul"; "" where it is unknown. nil: nobody's is known.
	Zone func(ctx context.Context, userID string) string
	// Schedules stop and start servers by the clock. nil: there are none here.
	Schedules Schedules
	// Activity is how busy a stack's server was. nil: nobody knows.
	Activity func(ctx context.Context, stackID string) (Activity, error)
	// Unused is what the record of a stack's server says about its use, whether or not its owner is asked. nil: nobody measures.
	Unused func(ctx context.Context, st stackhand.Stack, now time.Time) (Unused, error)
	// Next is the next step of a stack's lease, one of stackhand.Step…, and when it is taken; ok is false where time does not count for it.
	// nil: the end of the lease is all that is known.
	Next func(st stackhand.Stack) (step string, at time.Time, ok bool)
	// Used writes down that a person did something with a stack: what they did, in the command's words. nil: nobody wants to know.
	Used func(ctx context.Context, stackID, what string) error
	// Who tells whom a word means: a mention as it was typed (@U0BOB), an id, or a name; none is that nobody is called that.
	// nil knows nobody.
	Who func(ctx context.Context, word string) ([]Person, error)
	// Holders are the people who are logged in to a cloud as one of its users. nil: nobody is known.
	Holders func(ctx context.Context, cloud, cloudUser string) ([]string, error)
	// Member tells who somebody is now, with their role and groups: Forbidden for who may not use servers any more. nil: they are
	// who they were.
	Member func(ctx context.Context, userID string) (stackhand.User, error)
	// Notices are the messages to people who are not the asker. nil: nobody else can be told.
	Notices Notices
	// TakePassword answers the password that a cloud gave a server, and forgets it: NotFound for none, Forbidden for
	// somebody else's. nil: none are kept.
	TakePassword func(ctx context.Context, user stackhand.User, cloud, server string) (string, error)
	// Policy are the rules in force; they may be others the next time. nil: there are none.
	Policy func() *policy.Policy
	// Requests keeps what waits for approval. nil: there is no approval here, and what needs one is refused.
	Requests Requests
	// Freeze is the freeze that is on, or the zero value. nil: there is never one.
	Freeze func(ctx context.Context) (stackhand.Freeze, error)
	// SetFreeze begins a freeze, or lifts it with the zero value. nil: that cannot be done here.
	SetFreeze func(ctx context.Context, f stackhand.Freeze) error
	// Audit writes at the end of the audit trail; it returns once the record is on disk. nil writes nothing. Commands need not call
	// it: what they change through this Env is written before it is done, and so is what is refused; note adds to that.
	Audit func(ctx context.Context, rec stackhand.AuditRecord) error
	// Trail reads the audit trail, newest first. nil: there is none here.
	Trail func(ctx context.Context, q stackhand.AuditQuery) ([]stackhand.AuditRecord, error)

	trail      *trail     // of the line that is carried out; nil outside one, and where nothing is written
	rehearsing *rehearsal // set while a line is planned once more
	carrying   bool       // a line is carried out that was approved: see CarryOut
	unrecorded *Env       // the same without a trail; nil: it has none
}

// Person is somebody of the chat, or a user group of it.
type Person struct {
	ID, Name string // a group's name begins with @
	Group    bool
	// Refused says why they get no servers here: a guest, somebody who is deactivated or of another workspace. nil: they may.
	Refused error
}

// Notices is the record of messages that are posted once, in their place and to a user directly.
type Notices interface {
	// AddNotice has a notice posted; fresh is false, and nothing happens, if there is one of this id already.
	AddNotice(ctx context.Context, n stackhand.Notice) (fresh bool, err error)
	Notice(ctx context.Context, id string) (stackhand.Notice, error)
	// ReviseNotice has a notice say something else from now on, in all its messages.
	ReviseNotice(ctx context.Context, id string, text stackhand.Text, actions ...stackhand.Action) error
	// ChangeNotice changes a notice; change may be called again with a newer one, and its error is answered as it is.
	ChangeNotice(ctx context.Context, id string, change func(*stackhand.Notice) error) (stackhand.Notice, error)
	// AnswerableNotices are those that can be answered until some moment, of those whose moment is not after until; zero: all.
	AnswerableNotices(ctx context.Context, until time.Time) ([]stackhand.Notice, error)
	// TakenNotices are those with an offer that the line of a key has answered.
	TakenNotices(ctx context.Context, line string) ([]stackhand.Notice, error)
	// WaitingNotices are those with an offer that was accepted, and of which is not settled what comes of that.
	WaitingNotices(ctx context.Context) ([]stackhand.Notice, error)
}

// current is the world with the settings that are in force now.
func (env *Env) current() *Env {
	if env.Live == nil {
		return env
	}
	now := *env
	now.Settings, now.Live = env.Live(), nil
	return &now
}

// Requests is the record of what waits for approval. Errors of saves that lost a race are of kind Conflict: read again, and
// decide anew.
type Requests interface {
	// Ask writes a request down; one whose ID is there already is answered as it is.
	Ask(ctx context.Context, r stackhand.Request) (stackhand.Request, error)
	Request(ctx context.Context, id string) (stackhand.Request, error)
	OpenRequests(ctx context.Context) ([]stackhand.Request, error)
	// RecentRequests lists requests, newest first, at most limit (0: all): of one user, or of all with user "".
	RecentRequests(ctx context.Context, user string, limit int) ([]stackhand.Request, error)
	// RequestsInThread are those that were asked for in a thread, or one of whose cards it belongs to.
	RequestsInThread(ctx context.Context, channel, thread string) ([]stackhand.Request, error)
	SaveRequest(ctx context.Context, r *stackhand.Request) error
}

// Schedules is the record of what is stopped and started by the clock.
type Schedules interface {
	// Set writes a schedule down, in place of one of the same owner for the same servers. It answers Invalid for times, days or
	// a zone that make no sense.
	Set(ctx context.Context, s stackhand.Schedule) (stackhand.Schedule, error)
	Schedule(ctx context.Context, id string) (stackhand.Schedule, error)
	Remove(ctx context.Context, id string) error
	OfOwner(ctx context.Context, user string) ([]stackhand.Schedule, error)
	// OfServer are those that are for a server: its own, or else those for several that it belongs to.
	OfServer(ctx context.Context, st stackhand.Stack, sv stackhand.Server) ([]stackhand.Schedule, error)
	// Leave leaves a server alone for the rest of the day and answers until when; zero where it has no schedule.
	Leave(ctx context.Context, st stackhand.Stack, sv stackhand.Server) (time.Time, error)
	Runs(s stackhand.Schedule, n int) []stackhand.Run // the next n moments
}

// Settings is the part of the configuration that commands look at.
type Settings struct {
	Command      string // the slash command, "/stack"
	BotName      string // how the bot is mentioned, "stackhand"
	DefaultCloud string
	Clouds       map[string]CloudSettings
	LeaseDefault time.Duration
	LeaseMax     time.Duration
	// LeaseAgain is how much longer a server lasts that the ladder stopped and somebody starts again; 0: a day.
	LeaseAgain time.Duration
	// Extensions is the budget for extending a lease; 0 is no limit.
	Extensions stackhand.Extensions
	// Deciders tells that somebody has the role approver or admin: without them nobody is asked who is not named by a rule.
	Deciders bool
}

// CloudSettings are the defaults of create for one cloud.
type CloudSettings struct {
	LoginFor        time.Duration // how long a login is good for; 0: 90 days
	LoginRoles      []string      // those of their roles that people work with; none: all that they need
	Service         bool          // credentials: service — nobody has to log in
	ExternalNetwork string
	Image           string
	Flavor          string
	Prices          map[string]float64 // per hour, by flavor
	AuthURL         string             // of its identity service
	Region          string             // the usual one; "" where clouds.yaml names none
}

// Clouds gives sessions with the asker's own credentials.
type Clouds interface {
	// Open answers Unauthorized, with what to do, for somebody who is not logged in there. The zero
	// Scope is the project and the region that they chose last.
	Open(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope) (Cloud, error)
	// Login tries a credential and keeps it. Where the project is not said and there are
	// several it keeps nothing and returns them to choose from.
	Login(ctx context.Context, user stackhand.User, cloud string, login stackhand.Login) (stackhand.Credential, []stackhand.Project, error)
	// LoginProject ends a Login that returned projects: the login was tried already and is held,
	// sealed, for some minutes, so that no secret has to travel through a second form. It
	// answers Unauthorized when that time is over.
	LoginProject(ctx context.Context, user stackhand.User, cloud, projectName string) (stackhand.Credential, error)
	// Logout forgets the login to a project, "" for all of the cloud. The application credentials that it could
	// not delete in the cloud are answered: they stay there until they end.
	Logout(ctx context.Context, user stackhand.User, cloud, projectID string) (stays []stackhand.Credential, err error)
	Credentials(ctx context.Context, user stackhand.User) ([]stackhand.Credential, error)
	// Choice is where the user works: their cloud, or the default one, and for each cloud that they are logged in to
	// the project.
	Choice(ctx context.Context, user stackhand.User) (stackhand.Choice, error)
	// Choose makes the cloud, and the project and the region of at in it, those of the user from now on; "" leaves
	// what was. It answers who they are there: the zero Identity where a cloud alone was chosen that they are not
	// logged in to. It answers Unauthorized for a project to which they have no login, and NotFound for a region
	// that is not there; then nothing is chosen.
	Choose(ctx context.Context, user stackhand.User, cloud string, at stackhand.Scope) (stackhand.Identity, error)
}

// Cloud is what commands read of a cloud, and the small things that they do at once. Errors
// are *stackhand.Error with the cloud's own words.
type Cloud interface {
	Identity() stackhand.Identity
	Features(ctx context.Context) (stackhand.Features, error)
	// Refresh makes the next Images, Flavors and Networks fresh ones; they may be a minute old otherwise.
	Refresh()
	Servers(ctx context.Context) ([]stackhand.Server, error) // of the project, with details
	// AllServers lists the servers of every project, or of one: administrators of the cloud only.
	AllServers(ctx context.Context, projectID string) ([]stackhand.Server, error)
	Server(ctx context.Context, id string) (stackhand.Server, error)
	Images(ctx context.Context) ([]stackhand.Image, error)
	Flavors(ctx context.Context) ([]stackhand.Flavor, error)
	Networks(ctx context.Context) ([]stackhand.Network, error)
	Subnets(ctx context.Context, networkID string) ([]stackhand.Subnet, error) // "": all
	SecurityGroups(ctx context.Context) ([]stackhand.SecurityGroup, error)
	FloatingIPs(ctx context.Context) ([]stackhand.FloatingIP, error)
	Ports(ctx context.Context, filter stackhand.PortFilter) ([]stackhand.Port, error)
	KeyPairs(ctx context.Context) ([]stackhand.KeyPair, error)
	CreateKeyPair(ctx context.Context, name, publicKey string) (stackhand.KeyPair, error)
	DeleteKeyPair(ctx context.Context, name string) error
	Image(ctx context.Context, id string) (stackhand.Image, error) // with all its properties
	Routers(ctx context.Context) ([]stackhand.Router, error)
	Volumes(ctx context.Context) ([]stackhand.Volume, error)
	VolumeSnapshots(ctx context.Context) ([]stackhand.VolumeSnapshot, error)
	Attachments(ctx context.Context, serverID string) ([]stackhand.Attachment, error)
	ServerActions(ctx context.Context, id string) ([]stackhand.ServerAction, error) // newest first
	// ConsoleLog is the end of what the server printed, lines long; 0: all that Nova keeps.
	ConsoleLog(ctx context.Context, id string, lines int) (string, error)
	// ConsoleURL is an address with a secret in it. kind is novnc, serial, spice-html5 or rdp-html5.
	ConsoleURL(ctx context.Context, id, kind string) (string, error)
	// Usage tells the servers that were there between two moments, of the project.
	Usage(ctx context.Context, from, to time.Time) ([]stackhand.ServerUsage, error)
	// AllUsage is Usage of every project, or of one: administrators of the cloud only.
	AllUsage(ctx context.Context, projectID string, from, to time.Time) ([]stackhand.ServerUsage, error)
	Hypervisors(ctx context.Context) ([]stackhand.Hypervisor, error) // administrators of the cloud
	Projects(ctx context.Context) ([]stackhand.Project, error)       // all of them: administrators of the cloud
	OwnProjects(ctx context.Context) ([]stackhand.Project, error)    // those that the user may log in to
	Regions(ctx context.Context) ([]string, error)                   // of the catalogue
	// Users lists all users, with the names of their groups: administrators of the cloud.
	Users(ctx context.Context) ([]stackhand.CloudUser, error)
	Limits(ctx context.Context) (stackhand.Limits, error)
	Zones(ctx context.Context) ([]string, error)
}

// Jobs starts and steers what takes time.
type Jobs interface {
	// Start writes the job down, with the stacks that it is about where they are new, and sets
	// it going. The same job ID again returns the first job and starts nothing.
	Start(ctx context.Context, job stackhand.Job, stacks ...stackhand.Stack) (stackhand.Job, error)
	Job(ctx context.Context, id string) (stackhand.Job, error)
	// Recent lists jobs, newest first: of one user, or of all with user "".
	Recent(ctx context.Context, user string, limit int) ([]stackhand.Job, error)
	Cancel(ctx context.Context, id, user string) (stackhand.Job, error)
	// PlanRetry gives, ready for Start, the job with the input of one that rests without being done, and its stacks; keep
	// says what becomes of its pieces should it fail too. One that has a State was started already.
	PlanRetry(ctx context.Context, id, user string, keep bool) (stackhand.Job, []stackhand.Stack, error)
	// PlanCleanup gives in the same way the job that removes what a failed, stuck or kept job left behind.
	PlanCleanup(ctx context.Context, id, user string) (stackhand.Job, []stackhand.Stack, error)
}

// Stacks is the record of who owns what. Stacks that are gone are not in its lists.
type Stacks interface {
	Stack(ctx context.Context, id string) (stackhand.Stack, error)
	ByServer(ctx context.Context, cloud, serverID string) (stackhand.Stack, error) // NotFound if it is not ours
	InProject(ctx context.Context, cloud, projectID string) ([]stackhand.Stack, error)
	OfOwner(ctx context.Context, user string) ([]stackhand.Stack, error)
	// StacksSharedWith lists the stacks of which one of the ids, of users or of user groups, is a co-owner.
	StacksSharedWith(ctx context.Context, ids ...string) ([]stackhand.Stack, error)
	// ChangeStack changes a record; change may be called again with a newer one. Its error is answered as it is.
	ChangeStack(ctx context.Context, id string, change func(*stackhand.Stack) error) (stackhand.Stack, error)
	// EverInProject is InProject together with the stacks that went since a moment.
	EverInProject(ctx context.Context, cloud, projectID string, since time.Time) ([]stackhand.Stack, error)
	// Ever are all stacks that are there, wherever, together with those that went since a moment.
	Ever(ctx context.Context, since time.Time) ([]stackhand.Stack, error)
	// InThread answers the stack or stacks that the thread's job was about, newest job first.
	InThread(ctx context.Context, channel, thread string) ([]stackhand.Stack, error)
	// JobsInThread tells the ids of the jobs that were asked for in a thread or whose card it
	// belongs to, newest first, whatever has become of their stacks.
	JobsInThread(ctx context.Context, channel, thread string) ([]string, error)
	// Extend moves the end; it answers Invalid with the longest possible end when it is too late.
	// key is that of the line that asks: the lease keeps the last one, and the same key again
	// answers the stack as it is and moves nothing.
	Extend(ctx context.Context, id string, until time.Time, key string) (stackhand.Stack, error)
}
