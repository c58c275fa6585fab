// Package pdf reads the facts of a PDF file: its revisions, its signatures
// and what was changed after each. It judges neither trust nor time, and
// never fails: what cannot be read is itself a fact.
package pdf

import "minhchung/evidence/signature/pdf/syntax"

// sigField is a signature field that has a value (ISO 32000-2 12.7.5.5), or
// a signature dictionary that no field names.
type sigField struct {
	// Name is the fully qualified field name (12.7.4.2) in UTF-8; empty for a
	// dictionary outside the form.
	Name string
	// Ref is the field object; zero when it is a direct object or there is
	// no field.
	Ref syntax.Ref
	// Field is the field dictionary as of revision Seen; nil outside the form.
	Field *syntax.Dict
	// Value is the signature dictionary, and ValueRef its object when the
	// field refers to it, else zero.
	Value    *syntax.Dict
	ValueRef syntax.Ref
	// Widgets are the field's widget annotations: the field itself when
	// merged with one, else its Kids.
	Widgets []syntax.Ref
	// Seen is the index of the oldest revision in which the field has this
	// value.
	Seen int
	// Revision is the index of the revision that the ByteRange covers, or -1.
	Revision int
	// Permission is P of the DocMDP transform (1..3, table 257); 0 for none.
	Permission int
	// FieldMDP is the transform of that name (table 259), nil for none.
	FieldMDP *fieldLock
	// Lock is the field's SigFieldLock (table 236), nil for none.
	Lock *fieldLock
}

// fieldLock says which fields must not change (ISO 32000-2 tables 236, 259).
type fieldLock struct {
	Action string   // "All", "Include", "Exclude"; anything else locks all
	Fields []string // fully qualified names, UTF-8
	// P is the permission that a SigFieldLock of PDF 2.0 adds (1..3), or 0.
	P int
}
