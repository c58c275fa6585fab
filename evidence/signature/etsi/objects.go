package etsi

import (
	"encoding/base64"
	"fmt"
	"slices"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
)

// Beginnings of the identifiers of validation objects; the rest is a SHA-256.
const (
	idDocument    = "document"
	idCertificate = "C-"
	idCRL         = "R-"
	idOCSP        = "O-"
	idTimestamp   = "T-"
)

// objects are the certificates, revocation answers and tokens that the
// signatures carry, each once, in the order in which they are met.
type objects struct {
	list []validationObject
	ids  map[string]bool
	at   string
	cms  map[signature.Hash]*cms.SignedData // nil for one that cannot be parsed
}

func newObjects(f signature.Facts, v signature.Verdict) *objects {
	o := &objects{ids: map[string]bool{}, at: stamp(v.At), cms: map[signature.Hash]*cms.SignedData{}}
	if !f.SHA256.IsZero() {
		o.add(idDocument, "signedData", representation{Digest: sha256Digest(f.SHA256[:])})
	}
	for _, s := range f.Signatures {
		if der := f.Blob(s.Certificate); der != nil {
			o.der(idCertificate, "certificate", der)
		}
		sd, err := cms.Parse(f.Blob(s.CMS))
		if err != nil {
			continue // a finding of the verdict
		}
		o.cms[s.CMS] = sd
		o.all(sd.Certificates, sd.CRLs, sd.OCSPs)
		for _, token := range sd.Signer.Timestamps {
			o.der(idTimestamp, "timestamp", token)
		}
	}
	o.all(blobs(f, f.Validation.Certificates), blobs(f, f.Validation.CRLs), blobs(f, f.Validation.OCSPs))
	return o
}

func blobs(f signature.Facts, hashes []signature.Hash) (list [][]byte) {
	for _, h := range hashes {
		if der := f.Blob(h); der != nil {
			list = append(list, der)
		}
	}
	return list
}

func (o *objects) all(certificates, crls, ocsps [][]byte) {
	for _, der := range certificates {
		o.der(idCertificate, "certificate", der)
	}
	for _, der := range crls {
		o.der(idCRL, "CRL", der)
	}
	for _, der := range ocsps {
		o.der(idOCSP, "OCSPResponse", der)
	}
}

// der adds an object by its encoding and returns its identifier.
func (o *objects) der(prefix, kind string, der []byte) string {
	id := prefix + signature.HashOf(der).String()
	o.add(id, kind, representation{Base64: base64.StdEncoding.EncodeToString(der)})
	return id
}

func (o *objects) add(id, kind string, r representation) {
	if !o.ids[id] {
		o.ids[id] = true
		o.list = append(o.list, validationObject{ID: id, Type: urnObject + kind, Representation: r, POE: poe{o.at, urnPOE + "validation"}})
	}
}

// documentStamp is a document time stamp as an object with its own report.
func (o *objects) documentStamp(i int, f signature.SignatureFacts, r signatureReport) validationObject {
	return validationObject{
		ID: fmt.Sprintf("D-%d", i+1), Type: urnObject + "timestamp",
		Representation: representation{Digest: sha256Digest(f.CMS[:])}, POE: poe{o.at, urnPOE + "validation"}, Report: &r,
	}
}

// certificate makes sure that the signer's certificate is among the objects,
// if only by its hash, and returns a reference to it.
func (o *objects) certificate(h signature.Hash) reference {
	id := idCertificate + h.String()
	o.add(id, "certificate", representation{Digest: sha256Digest(h[:])})
	return reference{id}
}

// methods are the XML names of hash functions (RFC 9231 2.1, RFC 6931).
var methods = map[string]string{
	"SHA-1": "http://www.w3.org/2000/09/xmldsig#sha1", "SHA-224": "http://www.w3.org/2001/04/xmldsig-more#sha224",
	"SHA-256": "http://www.w3.org/2001/04/xmlenc#sha256", "SHA-384": "http://www.w3.org/2001/04/xmldsig-more#sha384",
	"SHA-512": "http://www.w3.org/2001/04/xmlenc#sha512", "SHA3-224": "http://www.w3.org/2007/05/xmldsig-more#sha3-224",
	"SHA3-256": "http://www.w3.org/2007/05/xmldsig-more#sha3-256", "SHA3-384": "http://www.w3.org/2007/05/xmldsig-more#sha3-384",
	"SHA3-512": "http://www.w3.org/2007/05/xmldsig-more#sha3-512",
}

// digestOf is nil for a hash function that XML has no name for.
func digestOf(name string, sum []byte) *digest {
	method, ok := methods[name]
	if !ok || len(sum) == 0 {
		return nil
	}
	d := &digest{Value: base64.StdEncoding.EncodeToString(sum)}
	d.Method.Algorithm = method
	return d
}

func sha256Digest(sum []byte) *digest { return digestOf("SHA-256", slices.Clone(sum)) }

// stamp writes a moment as xs:dateTime.
func stamp(t time.Time) string { return t.UTC().Format(time.RFC3339) }
