package stackhand

import "time"

// Thing is one resource of a cloud, as far as it takes to tell whose it is and what it costs.
type Thing struct {
	Resource            // Job and Stack as its mark tells them
	Mark      Mark      `json:"mark,omitzero"`
	Marked    bool      `json:"marked,omitempty"`
	ProjectID string    `json:"project_id"`
	UserID    string    `json:"user_id,omitempty"` // of the cloud; servers and volumes
	Flavor    string    `json:"flavor,omitempty"`
	Size      int       `json:"size,omitempty"`  // GiB, of a volume or a snapshot of one
	Bytes     int64     `json:"bytes,omitempty"` // of an image
	Of        string    `json:"of,omitempty"`    // of a snapshot: id of the volume
	Status    string    `json:"status,omitempty"`
	Created   time.Time `json:"created,omitzero"`  // zero where the cloud does not tell
	UsedBy    string    `json:"used_by,omitempty"` // id of the server, port or router that has it; "" for nobody
}

// Orphan is a finding: something in a cloud with our mark that is on no record, or a record whose resources are not in
// the cloud any more. Its ID is made from what it is about, so that the same finding has the same one.
type Orphan struct {
	ID    string `json:"id"`
	Rev   int64  `json:"-"`
	Cloud string `json:"cloud"`
	Scope Scope  `json:"scope"`
	// Thing is what was found; of a record without resources only Kind ("" then) is not set.
	Thing Thing `json:"thing,omitzero"`
	// With are the things that go together with it: the subnets, routers and interfaces of a network.
	With []Thing `json:"with,omitempty"`
	// Record is the id of the stack whose resources are missing; "" for a thing without a record.
	Record  string     `json:"record,omitempty"`
	Name    string     `json:"name"`
	Missing []Resource `json:"missing,omitempty"` // of a record
	Rest    []Resource `json:"rest,omitempty"`    // of a record: what is still there and its own
	Owner   string     `json:"owner,omitempty"`   // id of the person for whom it was made, as far as that is known
	Why     string     `json:"why"`               // a sentence: what became of the record

	First   time.Time `json:"first,omitzero"`   // when it was noted down first
	Notice  string    `json:"notice,omitempty"` // id of the message that tells the admins
	Told    time.Time `json:"told,omitzero"`    // when that was written
	Ignored *Ignored  `json:"ignored,omitempty"`
}

// Ignored says who wants to hear no more of a finding, and why.
type Ignored struct {
	By  string    `json:"by"`
	Why string    `json:"why,omitempty"`
	At  time.Time `json:"at"`
}

// Key is what a finding is about. Regions that share a service tell the same thing several times.
func (o Orphan) Key() string {
	if o.Record != "" {
		return "record " + o.Record
	}
	return o.Cloud + " " + o.Thing.Kind + " " + o.Thing.ID + " " + o.Thing.Parent
}

// All are the things of a finding, the main one first.
func (o Orphan) All() []Thing {
	if o.Record != "" {
		return nil
	}
	return append([]Thing{o.Thing}, o.With...)
}

// Title says what the finding is about.
func (o Orphan) Title() string {
	switch {
	case o.Record != "":
		return "record " + o.Name
	case o.Name != "":
		return o.Thing.Kind + " " + o.Name
	}
	return o.Thing.Kind + " " + o.Thing.ID
}

// Keys of prices, per hour, beside the names of flavors.
const (
	PriceFloatingIP = "floating-ip"
	PriceVolumeGB   = "volume-gb" // of one GiB, as the next ones
	PriceSnapshotGB = "snapshot-gb"
	PriceImageGB    = "image-gb"
)

// PerDay is what the finding costs in a day. It answers false where nothing of it has a price.
func (o Orphan) PerDay(prices map[string]float64) (cost float64, known bool) {
	add := func(key string, n float64) {
		if p, ok := prices[key]; ok {
			cost, known = cost+p*n*24, true
		}
	}
	for _, t := range o.All() {
		switch t.Kind {
		case KindServer:
			add(t.Flavor, 1)
		case KindFloatingIP:
			add(PriceFloatingIP, 1)
		case KindVolume:
			add(PriceVolumeGB, float64(t.Size))
		case KindSnapshot:
			add(PriceSnapshotGB, float64(t.Size))
		case KindImage:
			add(PriceImageGB, float64(t.Bytes)/(1<<30))
		}
	}
	return cost, known
}

// OrphanSpec is the input of the flow "orphan": things in a cloud that belong to no record and are to go.
type OrphanSpec struct {
	Cloud  string  `json:"cloud"`
	Things []Thing `json:"things"`
}

// AdoptSpec is the input of the flow "adopt": a server made elsewhere comes under a lease.
type AdoptSpec struct {
	Cloud     string        `json:"cloud"`
	ProjectID string        `json:"project_id"`
	Project   string        `json:"project"`
	Server    string        `json:"server"` // id
	Name      string        `json:"name"`
	Owner     string        `json:"owner"` // id of the person who agreed
	For       time.Duration `json:"for"`
	Maker     string        `json:"maker,omitempty"`   // id of the cloud's user who made it
	By        string        `json:"by,omitempty"`      // who offered it, where that was somebody else
	Unasked   bool          `json:"unasked,omitempty"` // an administrator takes it, and whoever made it is nobody who could be asked
}

// ReleaseSpec is the input of the flow "release": an adopted server is left to itself again.
type ReleaseSpec struct {
	Cloud string `json:"cloud"`
	Stack string `json:"stack"`
	Name  string `json:"name"`
}
