package stackhand

import "time"

// Activity is what is known of how busy a stack's server is: a score for each hour and day as far as the cloud gives numbers,
// and what people did with it. It is kept compactly: see package idle for what its bytes mean.
type Activity struct {
	Stack string    `json:"stack"` // its id
	Rev   int64     `json:"-"`
	Next  time.Time `json:"next,omitzero"` // of the next sample; zero: none

	Source  Source    `json:"source,omitempty"`  // where the numbers come from; "": not known yet
	Missing string    `json:"missing,omitempty"` // why there are none, in a sentence
	Last    Counters  `json:"last,omitzero"`     // of the newest sample
	Seen    time.Time `json:"seen,omitzero"`     // up to when spans of a metrics service were read
	Off     time.Time `json:"off,omitzero"`      // since when it was found not running; zero: it runs
	Status  string    `json:"status,omitempty"`  // that it has then: SHUTOFF …

	Hour  time.Time `json:"hour,omitzero"` // of the last score in Hours
	Hours []byte    `json:"hours,omitempty"`
	Day   time.Time `json:"day,omitzero"` // of the last score in Days
	Days  []byte    `json:"days,omitempty"`

	Used    time.Time `json:"used,omitzero"`      // when a person last did something with it by the bot
	UsedFor string    `json:"used_for,omitempty"` // what that was: "reboot"
	Powered time.Time `json:"powered,omitzero"`   // when a person last started or stopped it by the bot

	Quiet time.Time `json:"quiet,omitzero"` // its owner said that it is needed, and is not asked before then
	Asked time.Time `json:"asked,omitzero"` // when its owner was asked last
}

// Source is where the numbers of an Activity come from.
type Source string

const (
	SourceDiagnostics Source = "diagnostics" // of Nova
	SourceMetrics     Source = "metrics"     // Gnocchi
	SourceNone        Source = "none"        // the cloud gives no numbers
)

// Counters are sums since a server's start, as Nova's diagnostics tell them. They begin anew when it is started elsewhere.
type Counters struct {
	At     time.Time     `json:"at,omitzero"`
	CPU    time.Duration `json:"cpu,omitempty"`    // of all processors together
	CPUs   int           `json:"cpus,omitempty"`   // 0: the cloud does not tell
	Net    int64         `json:"net,omitempty"`    // bytes in and out
	NICs   int           `json:"nics,omitempty"`   // how many are in Net; 0: the cloud does not tell
	Disk   int64         `json:"disk,omitempty"`   // bytes read and written
	Disks  int           `json:"disks,omitempty"`  // how many are in Disk; 0: the cloud does not tell
	Uptime time.Duration `json:"uptime,omitempty"` // 0: the cloud does not tell
}

// Load is how busy a server was over a span of time. What the cloud does not tell is below zero.
type Load struct {
	From, To time.Time
	CPU      float64 // percent of all its processors
	Net      float64 // bytes a second, in and out
	Disk     float64 // bytes a second, read and written
}

// Numbers is what a cloud answers about a server's load.
type Numbers struct {
	Source   Source
	Missing  string   // with SourceNone: why, in a sentence
	Counters Counters // of SourceDiagnostics
	Loads    []Load   // of SourceMetrics, in order
	Status   string   // of a server that does not run: SHUTOFF …; "" where it runs
	Calls    int      // that were made for it
	Cut      bool     // it would have taken more calls than it might make: nothing else in it counts
}
