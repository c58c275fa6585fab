package pdf

import (
	"minhchung/evidence/signature/pdf/syntax"
)

// maxReferences bounds the signature references of one signature.
const maxReferences = 16

// transforms reads what a signature permits and locks: DocMDP and FieldMDP
// (ISO 32000-2 12.8.2) in its Reference array, and the Lock of its field
// (12.7.5.5), all as of the revision in which the signature appeared.
func (s *sigField) transforms(r *syntax.Revision) {
	list, err := r.Array(s.Value.Get("Reference"))
	if err != nil {
		list = nil
	}
	for i, o := range list {
		if i == maxReferences {
			break
		}
		ref, err := r.Dict(o)
		if err != nil || ref == nil {
			continue
		}
		method, _ := r.Resolve(ref.Get("TransformMethod"))
		params, _ := r.Dict(ref.Get("TransformParams"))
		switch method {
		case syntax.Name("DocMDP"):
			s.Permission = permission(r, params, 2) // the default of table 257
		case syntax.Name("FieldMDP"):
			s.FieldMDP = lock(r, params)
		}
	}
	if s.Field != nil && s.Field.Has("Lock") {
		if d, err := r.Dict(s.Field.Get("Lock")); err == nil && d != nil {
			s.Lock = lock(r, d)
		}
	}
}

// permission returns P; a value that no standard knows permits least.
func permission(r *syntax.Revision, d *syntax.Dict, without int) int {
	v, err := r.Resolve(d.Get("P"))
	if err != nil || syntax.IsNull(v) {
		return without
	}
	if p, ok := v.(syntax.Integer); ok && p >= 1 && p <= 3 {
		return int(p)
	}
	return 1
}

func lock(r *syntax.Revision, d *syntax.Dict) *fieldLock {
	l := &fieldLock{P: permission(r, d, 0)}
	if v, err := r.Resolve(d.Get("Action")); err == nil {
		l.Action = name(v)
	}
	fields, err := r.Array(d.Get("Fields"))
	if err != nil {
		return l
	}
	for _, o := range fields[:min(len(fields), maxFields)] {
		if v, err := r.Resolve(o); err == nil {
			l.Fields = append(l.Fields, text(v))
		}
	}
	return l
}
