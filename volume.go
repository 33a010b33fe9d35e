package stackhand

import "time"

// Attachment is a volume at a server.
type Attachment struct {
	VolumeID string
	ServerID string
	Device   string // /dev/vdb
}

// Volume is a Cinder volume. Size in GiB.
type Volume struct {
	ID          string
	Name        string
	Description string
	Status      string // available, in-use, creating, error …
	Size        int
	Type        string
	Bootable    bool
	Zone        string
	ProjectID   string
	UserID      string
	SnapshotID  string
	Metadata    map[string]string
	Attached    []Attachment
	Created     time.Time
}

// VolumeSpec is what CreateVolume takes. At most one of ImageID, SnapshotID and SourceID.
type VolumeSpec struct {
	Name        string            `json:"name"`
	Description string            `json:"description,omitempty"`
	Size        int               `json:"size"` // GiB; 0 only with SnapshotID or SourceID: as large as that
	Type        string            `json:"type,omitempty"`
	Zone        string            `json:"zone,omitempty"`
	ImageID     string            `json:"image_id,omitempty"`
	SnapshotID  string            `json:"snapshot_id,omitempty"`
	SourceID    string            `json:"source_id,omitempty"`
	Metadata    map[string]string `json:"metadata,omitempty"`
}

// VolumeSnapshot is a snapshot of a volume. Size in GiB.
type VolumeSnapshot struct {
	ID          string
	Name        string
	Description string
	Status      string
	VolumeID    string
	Size        int
	ProjectID   string
	Metadata    map[string]string
	Created     time.Time
}
