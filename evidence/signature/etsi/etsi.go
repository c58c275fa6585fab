// Package etsi writes verdicts as the XML signature validation report of
// ETSI TS 119 102-2 V1.4.1, so that tools of others can read them. Writing is
// a pure function of Facts and Verdict.
//
// Where the standard wants more than a verdict keeps (the certificates of the
// path, per-algorithm statements) the optional elements are left out. A
// verdict's reason codes appear as validation constraints with URNs of ours.
package etsi

import (
	"encoding/xml"
	"errors"
	"fmt"
	"io"

	"minhchung/evidence/signature"
)

// Namespace is that of the report's elements (TS 119 102-2 V1.4.1 annex B).
const Namespace = "http://uri.etsi.org/19102/v1.4.1#"

// Namespaces of the elements that the schema takes from other standards.
const (
	xmldsig = "http://www.w3.org/2000/09/xmldsig#"
	xades   = "http://uri.etsi.org/01903/v1.3.2#"
)

// The standard's URNs (TS 119 102-2 4.2.12, 4.2.5, 4.2.9, 4.4.3).
const (
	urnMain    = "urn:etsi:019102:mainindication:"
	urnSub     = "urn:etsi:019102:subindication:"
	urnApplied = "urn:etsi:019102:constraintStatus:applied"
	urnProcess = "urn:etsi:019102:validationprocess:LTA"
	urnObject  = "urn:etsi:019102:validationObject:"
	urnPOE     = "urn:etsi:019102:poetype:"
)

// Our own URNs.
const (
	urnConstraint = "urn:minhchung:constraint:"
	urnData       = "urn:minhchung:report-data:"
	urnPolicy     = "urn:minhchung:policy:"
)

// ErrNoSignature says that there is nothing to report: the schema demands a
// signature.
var ErrNoSignature = errors.New("a validation report is about signatures, and the file has none")

// Write writes the report on one file. facts should carry their blobs: what is
// missing is left out. v must be the verdict on the same facts. policy is the
// hash of the validation policy's bytes; zero leaves the policy out. Document
// time stamps are validation objects with reports of their own (4.4.8); a file
// that has nothing else is reported on by them.
func Write(w io.Writer, facts signature.Facts, v signature.Verdict, policy signature.Hash) error {
	if len(v.Signatures) == 0 {
		return ErrNoSignature
	}
	if len(v.Signatures) != len(facts.Signatures) {
		return fmt.Errorf("a verdict on %d signatures for a file with %d", len(v.Signatures), len(facts.Signatures))
	}
	r := reporter{facts: facts, verdict: v, policy: policy, objects: newObjects(facts, v)}
	doc := report{VR: Namespace, DS: xmldsig, XAdES: xades, XSI: "http://www.w3.org/2001/XMLSchema-instance", XS: "http://www.w3.org/2001/XMLSchema"}
	var stamps []validationObject
	for i, s := range v.Signatures {
		one := r.signature(i)
		if s.Kind == signature.KindTimestamp {
			stamps = append(stamps, r.objects.documentStamp(i, facts.Signatures[i], one))
			continue
		}
		doc.Signatures = append(doc.Signatures, one)
	}
	if len(doc.Signatures) == 0 {
		for i := range stamps {
			doc.Signatures = append(doc.Signatures, *stamps[i].Report)
			stamps[i].Report = nil
		}
	}
	if list := append(r.objects.list, stamps...); len(list) > 0 {
		doc.Objects = &objectList{list}
	}
	if _, err := io.WriteString(w, xml.Header); err != nil {
		return err
	}
	enc := xml.NewEncoder(w)
	enc.Indent("", " ")
	if err := enc.Encode(doc); err != nil {
		return fmt.Errorf("writing a validation report: %w", err)
	}
	_, err := io.WriteString(w, "\n")
	return err
}
