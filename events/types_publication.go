package events

var publicationTypes = []Type{
	define[FiguresPublished](KindPublication),
	define[FiguresRestated](KindPublication),
}

// FiguresPublished keeps figures exactly as they were published: they are never
// changed, only restated (R30).
type FiguresPublished struct {
	Publication string            `json:"publication"`          // title of the publication
	Report      string            `json:"report"`               // report of the catalogue that it can be held against; may be empty
	Arguments   map[string]string `json:"arguments,omitempty"`  // of the report, such as year
	Table       string            `json:"table"`                // the bytes, CSV
	Digest      string            `json:"digest"`               // SHA-256 of the bytes
	Position    uint64            `json:"position,omitzero"`    // of the ledger, when the ledger made them
	Head        string            `json:"head,omitzero"`        // hash of the record at Position
	Definitions string            `json:"definitions,omitzero"` // versions of the views that made them
}

// EventType implements [Event].
func (*FiguresPublished) EventType() string { return "figures.published.v1" }

// FiguresRestated is what a later run of the same report says instead, and why.
type FiguresRestated struct {
	Table       string   `json:"table"`
	Digest      string   `json:"digest"`
	Position    uint64   `json:"position,omitzero"` // of the ledger, when the ledger made them
	Head        string   `json:"head,omitzero"`
	Definitions string   `json:"definitions,omitzero"`
	Reason      string   `json:"reason"`
	Causes      []uint64 `json:"causes,omitempty"` // positions of records that changed the figures
}

// EventType implements [Event].
func (*FiguresRestated) EventType() string { return "figures.restated.v1" }
