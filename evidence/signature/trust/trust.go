// Package trust turns what an administrator brings (anchors, intermediates,
// CRL and OCSP answers, a validation policy) into the frozen, hashed Material
// and Policy that verdicts name.
package trust

import (
	"minhchung/evidence/signature"
)

// Kind says what an Item is.
type Kind = string

// The kinds of items, as TrustEntry keeps them.
const (
	KindAnchor       Kind = "anchor"       // a self-signed certificate
	KindIntermediate Kind = "intermediate" // any other certificate
	KindCRL          Kind = "crl"
	KindOCSP         Kind = "ocsp"
)

// Item is one thing found in a trust file.
type Item struct {
	Kind   Kind
	Name   string // subject, or issuer and date
	DER    []byte
	SHA256 signature.Hash
}

// Canonical returns the canonical JSON of m: every list sorted and without
// duplicates, so that equal material has equal bytes.
func Canonical(m signature.Material) []byte { return nil }

// Hash returns the SHA-256 of Canonical(m), which verdicts name.
func Hash(m signature.Material) signature.Hash { return signature.HashOf(Canonical(m)) }

// ParseItems finds every certificate, CRL and OCSP answer in data: PEM
// bundles, single DER objects and PKCS#7 bundles of certificates.
func ParseItems(data []byte) ([]Item, error) { return nil, nil }

// LoadDir reads every regular file of dir. Self-signed certificates become
// anchors of domain, other certificates intermediates.
func LoadDir(dir string, domain signature.Domain) (signature.Material, error) {
	return signature.Material{}, nil
}

// Policy returns the validation policy with the given id and its exact bytes.
// The empty id is the default policy, "vn-2025".
func Policy(id string) (signature.Policy, []byte, error) { return signature.Policy{}, nil, nil }
