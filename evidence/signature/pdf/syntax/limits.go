package syntax

import "errors"

// The errors that tell what stopped the reader. They are wrapped with what
// was being read; test with errors.Is.
var (
	// ErrDamaged says that bytes are not what the format demands.
	ErrDamaged = errors.New("damaged PDF")
	// ErrOverLimit says that a budget of Limits ran out.
	ErrOverLimit = errors.New("over the reader's limits")
	// ErrEncrypted says that the empty user password does not open the file,
	// or that its security handler is not the standard one.
	ErrEncrypted = errors.New("encrypted")
	// ErrFilter says that a stream uses a filter that is not decoded here,
	// such as an image codec.
	ErrFilter = errors.New("unsupported stream filter")
)

// Limits are the budgets for one file. A zero field means the default.
type Limits struct {
	// Objects bounds the cross-reference entries of all revisions together.
	Objects int
	// Nodes bounds the values inside one indirect object.
	Nodes int
	// Depth bounds the nesting of arrays and dictionaries.
	Depth int
	// Revisions bounds the cross-reference sections.
	Revisions int
	// StreamBytes bounds one decoded stream.
	StreamBytes int64
	// Bytes bounds all decoded streams together.
	Bytes int64
	// Steps bounds the work: parsed values, look-ups, scanned rows.
	Steps int64
}

// The defaults fit an honest document of 50 MB and keep what the parser holds
// below about 24 MB beside the file.
var defaults = Limits{
	Objects:     1 << 19,
	Nodes:       1 << 18,
	Depth:       200,
	Revisions:   2000,
	StreamBytes: 16 << 20,
	Bytes:       256 << 20,
	Steps:       50 << 20,
}

func (l Limits) withDefaults() Limits {
	set := func(v *int, d int) {
		if *v <= 0 {
			*v = d
		}
	}
	set64 := func(v *int64, d int64) {
		if *v <= 0 {
			*v = d
		}
	}
	set(&l.Objects, defaults.Objects)
	set(&l.Nodes, defaults.Nodes)
	set(&l.Depth, defaults.Depth)
	set(&l.Revisions, defaults.Revisions)
	set64(&l.StreamBytes, defaults.StreamBytes)
	set64(&l.Bytes, defaults.Bytes)
	set64(&l.Steps, defaults.Steps)
	return l
}
