package stackhand

import (
	"encoding/json"
	"time"
)

// JobState is where a job stands:
//
//	queued → running → done
//	            ↓ a step failed for good, or somebody cancelled
//	         undoing → undone            all it made is gone again
//	            ↓ an undo failed for good
//	          failed                     what is left stands in Made
//
// A flow without undo goes from running to failed. A step that panicked, or said that going
// on may do harm, leads to stuck, which waits for a person. Retry of an ended job is a new job.
type JobState string

const (
	JobAsked   JobState = "asked" // not a job yet: a Request, which waits for approval. No record of a job has this state
	JobQueued  JobState = "queued"
	JobRunning JobState = "running"
	JobUndoing JobState = "undoing"
	JobDone    JobState = "done"
	JobUndone  JobState = "undone"
	JobFailed  JobState = "failed"
	JobKept    JobState = "kept" // failed, and its pieces stay, as asked for
	JobStuck   JobState = "stuck"
)

// Rests tells whether nothing happens to the job by itself any more.
func (s JobState) Rests() bool {
	switch s {
	case JobDone, JobUndone, JobFailed, JobKept, JobStuck:
		return true
	}
	return false
}

// StepState is where a step of a job stands.
type StepState string

const (
	StepWaiting StepState = "waiting"
	StepRunning StepState = "running"
	StepDone    StepState = "done"
	StepFailed  StepState = "failed"
	StepSkipped StepState = "skipped" // had nothing to do
	StepUndoing StepState = "undoing"
	StepUndone  StepState = "undone"
)

// JobStep is the record of one step. It is written before and after every attempt.
type JobStep struct {
	Name    string    `json:"name"`
	Title   string    `json:"title"` // "Boot web-1"
	Needs   []string  `json:"needs,omitempty"`
	State   StepState `json:"state"`
	Attempt int       `json:"attempt,omitempty"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
	Note    string    `json:"note,omitempty"` // a word on the result ("203.0.113.7") or on what it waits for
	Problem *Problem  `json:"problem,omitempty"`
}

// Problem is an Error as it is kept on a record; Ref finds its cause in the log.
type Problem struct {
	Kind   Kind   `json:"kind"`
	Msg    string `json:"msg"`
	Next   string `json:"next,omitempty"`
	Detail string `json:"detail,omitempty"` // the cloud's own words
	Step   string `json:"step,omitempty"`
	Ref    string `json:"ref,omitempty"`
}

// Offer is a button on the end of a job, such as to confirm a resize, while there is time for it.
type Offer struct {
	Line   string    `json:"line"` // what it says when it is pressed, in the words of the commands
	Label  string    `json:"label"`
	Danger bool      `json:"danger,omitempty"`
	Until  time.Time `json:"until,omitzero"`  // zero: for as long as the message is there
	About  string    `json:"about,omitempty"` // id of what it is for: offers about a thing go when one of them was taken
	Why    string    `json:"why,omitempty"`   // what it is about, as a sentence without its end: goes before how long there is time
}

// Claim is the right of one engine to work on a job, until a moment that it keeps moving on.
type Claim struct {
	Engine string    `json:"engine,omitempty"`
	Until  time.Time `json:"until,omitzero"`
}

// Job is one accepted command that changes something.
type Job struct {
	ID      string          `json:"id"` // made from the delivery that asked for it, so that it exists once
	Rev     int64           `json:"-"`
	Flow    string          `json:"flow"` // create, delete, reboot …
	Version int             `json:"version"`
	User    User            `json:"user"`
	Cloud   string          `json:"cloud"`
	Scope   Scope           `json:"scope,omitzero"` // where in the cloud it works
	Place   Place           `json:"place"`
	Line    string          `json:"line"`  // as typed, for the card
	Title   string          `json:"title"` // "Create web-1"
	Input   json.RawMessage `json:"input"` // CreateSpec, DeleteSpec, RebootSpec …

	State   JobState                   `json:"state"`
	Steps   []JobStep                  `json:"steps,omitempty"`
	Values  map[string]json.RawMessage `json:"values,omitempty"` // what steps pass on to later ones
	Made    []Resource                 `json:"made,omitempty"`
	Stacks  []string                   `json:"stacks,omitempty"`  // ids of the stacks it is about
	Finding string                     `json:"finding,omitempty"` // id of the finding of orphans that it is about
	Notes   []string                   `json:"notes,omitempty"`   // sentences for the final reply: what was left and why
	Problem *Problem                   `json:"problem,omitempty"`
	Offers  []Offer                    `json:"offers,omitempty"` // buttons of its end

	Approvals []Approval `json:"approvals,omitempty"` // of the request that it comes from

	// Own is set where no person asked for it: the bot may then go on with its own login to the cloud, should User's have ended.
	Own bool `json:"own,omitempty"`
	// Instead is that login, once it was used: the cloud's user and the project.
	Instead string `json:"instead,omitempty"`

	Quiet     bool   `json:"quiet,omitempty"`    // nobody waits for it: only its good end is told, and nobody is mentioned
	Keep      bool   `json:"keep,omitempty"`     // on failure leave the pieces for a look
	Canceled  string `json:"canceled,omitempty"` // user id of who asked to stop
	RetryOf   string `json:"retry_of,omitempty"` // the job that this one tries again
	RetriedAs string `json:"retried_as,omitempty"`
	Resumed   int    `json:"resumed,omitempty"` // how often it was picked up after a restart
	Claim     Claim  `json:"claim,omitzero"`

	Created time.Time `json:"created"`
	Started time.Time `json:"started,omitzero"`
	Ended   time.Time `json:"ended,omitzero"`
}

// Step finds a step's record by name; nil if there is none.
func (j *Job) Step(name string) *JobStep {
	for i := range j.Steps {
		if j.Steps[i].Name == name {
			return &j.Steps[i]
		}
	}
	return nil
}

// Standing is where one of the job's steps stands for people. A flow that goes back may take
// what several steps made with the undo of one; the others rest as done on the record, but
// nothing of them is there any more.
func (j *Job) Standing(s JobStep) StepState {
	if s.State != StepDone {
		return s.State
	}
	switch j.State {
	case JobUndoing:
		return StepUndoing
	case JobUndone:
		return StepUndone
	case JobFailed:
		back, left := false, false
		for _, o := range j.Steps {
			back = back || o.State == StepUndone
		}
		for _, r := range j.Made {
			left = left || r.Kind == s.Name // such steps are named after what they make
		}
		if back && !left {
			return StepUndone
		}
	}
	return s.State
}

// CreateSpec is the input of the flow "create": names resolved to ids, nothing left to guess.
type CreateSpec struct {
	Name      string            `json:"name"`  // of the server; with Count > 1 the base of web-1, web-2 …
	Count     int               `json:"count"` // ≥ 1
	Cloud     string            `json:"cloud"`
	ProjectID string            `json:"project_id"`
	Project   string            `json:"project"`
	Owner     string            `json:"owner"`
	ImageID   string            `json:"image_id"`
	Image     string            `json:"image"`
	Login     string            `json:"login,omitempty"` // the image's usual user
	FlavorID  string            `json:"flavor_id"`
	Flavor    string            `json:"flavor"`
	Network   string            `json:"network"` // auto, new, or a network's id
	NetworkNm string            `json:"network_name,omitempty"`
	External  string            `json:"external,omitempty"` // id of the external network; "" where the cloud has none
	FixedIP   string            `json:"fixed_ip,omitempty"`
	KeyName   string            `json:"key_name,omitempty"`
	Groups    []string          `json:"groups,omitempty"` // ids of existing security groups
	Open      []int             `json:"open,omitempty"`   // TCP ports to open in a group of ours
	Floating  bool              `json:"floating"`
	For       time.Duration     `json:"for"`
	Metadata  map[string]string `json:"metadata,omitempty"`
	UserData  []byte            `json:"user_data,omitempty"` // as cloud-init takes it, files included
	Zone      string            `json:"zone,omitempty"`
	ConfigDrv bool              `json:"config_drive,omitempty"`
	WaitSSH   bool              `json:"wait_ssh,omitempty"`
	// BootGB is the size in GiB of the volume that it boots from, made from the image; 0: no volume.
	BootGB int `json:"boot_gb,omitempty"`
	// BootSnapshot is the id of the snapshot that this volume is made from, where the image is empty and names one.
	BootSnapshot string            `json:"boot_snapshot,omitempty"`
	Files        map[string][]byte `json:"files,omitempty"` // for Nova to put there: ServerSpec.Files
	// Classic builds on a cloud without Neutron: Nova gives the addresses, and there are no ports.
	Classic bool `json:"classic,omitempty"`
}

// DeleteSpec is the input of the flow "delete". Stack is the id of a stack of ours.
type DeleteSpec struct {
	Cloud string `json:"cloud"`
	Stack string `json:"stack"`
	Why   string `json:"why,omitempty"` // "asked", "expired", or the cleaned-up job's id
	// Until is the end (Lease.End) of the lease that is over: a stack whose end was moved since stays. Zero:
	// whatever its lease says.
	Until time.Time `json:"until,omitzero"`
	// Earliest and Latest are between which moments the deletion may begin, where nobody asked for it: a job that was held up, or
	// that was decided by a clock that ran ahead, ends instead, and the sweeps decide anew. Zero: at any time.
	Earliest time.Time `json:"earliest,omitzero"`
	Latest   time.Time `json:"latest,omitzero"`
	// KeepVolumes leaves the volumes that were made by us and attached later; the one it boots from goes.
	KeepVolumes bool `json:"keep_volumes,omitempty"`
}

// LadderSpec is the input of the flow "ladder": a step that puts a server away or ends it after an image was made, or that undoes one.
type LadderSpec struct {
	Cloud     string `json:"cloud"`
	ProjectID string `json:"project_id"`
	Project   string `json:"project"`
	Stack     string `json:"stack"`
	Server    string `json:"server"` // id
	Name      string `json:"name"`
	Verb      string `json:"verb"` // stop, shelve, wake or archive
	// Until is the end (Lease.End) that is over: a stack whose end was moved since stays. Zero: somebody asked for it.
	Until    time.Time `json:"until,omitzero"`
	Earliest time.Time `json:"earliest,omitzero"` // as of DeleteSpec
	Latest   time.Time `json:"latest,omitzero"`

	FreeIP      bool          `json:"free_ip,omitempty"`      // stop, shelve: give the floating IP back to the cloud
	Grant       time.Duration `json:"grant,omitempty"`        // wake: how much longer it lasts then, from now
	External    string        `json:"external,omitempty"`     // wake: network of a new floating IP; "": none was given back
	Image       string        `json:"image,omitempty"`        // archive: name of the image
	KeepVolumes bool          `json:"keep_volumes,omitempty"` // archive: as of DeleteSpec
}

// Verbs of LadderSpec besides ActStop and ActShelve.
const (
	LadderWake    = "wake"
	LadderArchive = "archive"
)

// RebootSpec is the input of the flow "reboot".
type RebootSpec struct {
	Cloud  string `json:"cloud"`
	Stack  string `json:"stack,omitempty"`
	Server string `json:"server"` // id
	Name   string `json:"name"`
	Hard   bool   `json:"hard"`
}

// ActSpec is the input of the flow "act": one change of one server. Verb says which of the rest counts.
type ActSpec struct {
	Cloud     string `json:"cloud"`
	ProjectID string `json:"project_id"`
	Project   string `json:"project"`
	Stack     string `json:"stack,omitempty"` // "" for a server that was not made here
	Server    string `json:"server"`          // id
	Name      string `json:"name"`            // of the server
	Verb      string `json:"verb"`            // one of the Act… constants
	// Latest is when a stop or start that a schedule asked for may begin at the latest; zero: whenever.
	Latest time.Time `json:"latest,omitzero"`

	FlavorID string            `json:"flavor_id,omitempty"` // resize
	Flavor   string            `json:"flavor,omitempty"`
	Confirm  bool              `json:"confirm,omitempty"`  // resize: do not wait for somebody to confirm
	ImageID  string            `json:"image_id,omitempty"` // rebuild
	Image    string            `json:"image,omitempty"`
	Login    string            `json:"login,omitempty"`     // rebuild: the image's usual user
	NewName  string            `json:"new_name,omitempty"`  // rename, rebuild; image create: of the image
	Set      map[string]string `json:"set,omitempty"`       // properties: set, rebuild, image create
	Unset    []string          `json:"unset,omitempty"`     // names of properties
	Change   ServerChange      `json:"change,omitzero"`     // access addresses
	Password string            `json:"password,omitempty"`  // password, rebuild; inputs of jobs are sealed
	UserData []byte            `json:"user_data,omitempty"` // rebuild
	Files    map[string][]byte `json:"files,omitempty"`     // rebuild, where Nova takes files
	TargetID string            `json:"target_id,omitempty"` // what is added or removed; "" makes a new floating IP
	Target   string            `json:"target,omitempty"`    // its name or address
	External string            `json:"external,omitempty"`  // network of a new floating IP
	FixedIP  string            `json:"fixed_ip,omitempty"`  // add network: the address wanted; add floating ip: the one to serve
}

// Verbs of ActSpec, as the commands are called.
const (
	ActStart          = "start"
	ActStop           = "stop"
	ActPause          = "pause"
	ActUnpause        = "unpause"
	ActSuspend        = "suspend"
	ActResume         = "resume"
	ActLock           = "lock"
	ActUnlock         = "unlock"
	ActShelve         = "shelve"
	ActUnshelve       = "unshelve"
	ActRebuild        = "rebuild"
	ActResize         = "resize"
	ActConfirm        = "resize --confirm"
	ActRevert         = "resize --revert"
	ActRename         = "rename"
	ActPassword       = "password"
	ActSet            = "set"   // properties and access addresses
	ActUnset          = "unset" // properties
	ActImage          = "image create"
	ActAddFloating    = "add floating ip"
	ActRemoveFloating = "remove floating ip"
	ActAddGroup       = "add security group"
	ActRemoveGroup    = "remove security group"
	ActAddVolume      = "add volume"
	ActRemoveVolume   = "remove volume"
	ActAddNetwork     = "add network"
	ActRemoveNetwork  = "remove network"
)

// MakeSpec is the input of the flow "make": one resource that belongs to no stack. Kind says which; its name is Name.
type MakeSpec struct {
	Cloud       string `json:"cloud"`
	ProjectID   string `json:"project_id"`
	Project     string `json:"project"`
	Kind        string `json:"kind"`
	Name        string `json:"name"`
	Description string `json:"description,omitempty"` // in the asker's words; the mark is added to it

	Subnet   SubnetSpec `json:"subnet,omitzero"`
	Port     PortSpec   `json:"port,omitzero"`
	Volume   VolumeSpec `json:"volume,omitzero"`
	Rule     Rule       `json:"rule,omitzero"`
	External string     `json:"external,omitempty"`  // router: network of its gateway; floating ip: the network it is of
	ParentID string     `json:"parent_id,omitempty"` // rule: the group; snapshot: the volume; interface: the router
	Parent   string     `json:"parent,omitempty"`    // its name
	TargetID string     `json:"target_id,omitempty"` // interface: the subnet; floating ip: a port to attach it to
	Target   string     `json:"target,omitempty"`
	Force    bool       `json:"force,omitempty"` // snapshot: also of a volume in use
}

// RemoveSpec is the input of the flow "remove": one resource that belongs to no stack, or to one of its
// asker's. For a router's interface ID is the subnet, Parent the router.
type RemoveSpec struct {
	Cloud     string `json:"cloud"`
	ProjectID string `json:"project_id"`
	Project   string `json:"project"`
	Kind      string `json:"kind"`
	ID        string `json:"id"`
	Name      string `json:"name"`
	ParentID  string `json:"parent_id,omitempty"`
	Parent    string `json:"parent,omitempty"`
}

// EditSpec is the input of the flow "edit": a change of an image's name, properties or visibility.
type EditSpec struct {
	Cloud     string      `json:"cloud"`
	ProjectID string      `json:"project_id"`
	Project   string      `json:"project"`
	ImageID   string      `json:"image_id"`
	Image     string      `json:"image"`
	Change    ImageChange `json:"change"`
}
