package trust

import (
	"bytes"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"minhchung/evidence/signature"
	"minhchung/evidence/signature/cms"
	"minhchung/evidence/signature/pki"
)

// Kind says what an Item is.
type Kind = string

// The kinds of items, as evidence.TrustEntry keeps them.
const (
	KindAnchor       Kind = "anchor"       // a self-signed certificate
	KindIntermediate Kind = "intermediate" // any other certificate
	KindCRL          Kind = "crl"
	KindOCSP         Kind = "ocsp"
)

// Item is one thing found in a trust file.
type Item struct {
	Kind   Kind
	Name   string // subject; or issuer and date of an answer
	DER    []byte
	SHA256 signature.Hash
}

// ErrNothing says that a file holds nothing that trust is made of.
var ErrNothing = errors.New("no certificate, CRL or OCSP answer found")

// maxItems bounds one file: a national trust list has some hundred.
const maxItems = 10000

// ParseItems finds every certificate, CRL and OCSP answer in data: PEM
// bundles, DER objects one after the other, and PKCS #7 bundles. It fails
// with ErrNothing when there is none, and at the first thing that is damaged
// or is a private key, which has no place here.
func ParseItems(data []byte) ([]Item, error) {
	var items []Item
	var err error
	if bytes.Contains(data, []byte("-----BEGIN ")) {
		items, err = parsePEM(data)
	} else {
		items, err = parseDER(data)
	}
	if err != nil {
		return nil, err
	}
	if len(items) == 0 {
		return nil, ErrNothing
	}
	return items, nil
}

func parsePEM(data []byte) ([]Item, error) {
	var items []Item
	for n := 1; ; n++ {
		block, rest := pem.Decode(data)
		if block == nil {
			return items, nil
		}
		data = rest
		if strings.HasSuffix(block.Type, "PRIVATE KEY") {
			return nil, fmt.Errorf("PEM block %d is a private key: it must not be here", n)
		}
		found, err := parseDER(block.Bytes)
		if err != nil {
			return nil, fmt.Errorf("PEM block %d (%s): %w", n, block.Type, err)
		}
		if items = append(items, found...); len(items) > maxItems {
			return nil, fmt.Errorf("more than %d items", maxItems)
		}
	}
}

func parseDER(data []byte) ([]Item, error) {
	var items []Item
	for len(bytes.Trim(data, "\x00\r\n\t ")) > 0 {
		der, rest, err := cms.Trim(data)
		if err != nil {
			if len(items) == 0 {
				return nil, ErrNothing
			}
			return nil, err
		}
		found, err := parseOne(der)
		if err != nil {
			return nil, err
		}
		if items = append(items, found...); len(items) > maxItems {
			return nil, fmt.Errorf("more than %d items", maxItems)
		}
		data = rest
	}
	return items, nil
}

// parseOne tells the kinds of DER objects apart by trying.
func parseOne(der []byte) ([]Item, error) {
	if c, err := pki.ParseCertificate(der); err == nil {
		return []Item{certificate(c)}, nil
	}
	if c, err := pki.ParseCRL(der); err == nil {
		return []Item{item(KindCRL, pki.NameString(c.Issuer)+" "+c.ThisUpdate.Format(time.RFC3339), der)}, nil
	}
	if o, err := pki.ParseOCSP(der); err == nil {
		return []Item{item(KindOCSP, "OCSP "+o.ProducedAt.Format(time.RFC3339), der)}, nil
	}
	certs, crls, err := cms.ParseBundle(der)
	if err != nil {
		return nil, ErrNothing
	}
	var items []Item
	for _, der := range slices.Concat(certs, crls) {
		if der[0] != 0x30 {
			continue
		}
		if c, err := pki.ParseCertificate(der); err == nil {
			items = append(items, certificate(c))
		} else if c, err := pki.ParseCRL(der); err == nil {
			items = append(items, item(KindCRL, pki.NameString(c.Issuer)+" "+c.ThisUpdate.Format(time.RFC3339), der))
		} else {
			return nil, fmt.Errorf("bundle: %w", err)
		}
	}
	return items, nil
}

func certificate(c *pki.Certificate) Item {
	kind := KindIntermediate
	if c.SelfSigned() {
		kind = KindAnchor
	}
	return item(kind, pki.NameString(c.Subject), c.Raw)
}

func item(kind Kind, name string, der []byte) Item {
	return Item{kind, name, der, signature.HashOf(der)}
}

// Add puts the items into m; anchors get the domain.
func Add(m *signature.Material, items []Item, domain signature.Domain) {
	for _, it := range items {
		switch it.Kind {
		case KindAnchor:
			m.Anchors = append(m.Anchors, signature.Anchor{Domain: domain, DER: it.DER})
		case KindIntermediate:
			m.Intermediates = append(m.Intermediates, it.DER)
		case KindCRL:
			m.CRLs = append(m.CRLs, it.DER)
		case KindOCSP:
			m.OCSPs = append(m.OCSPs, it.DER)
		}
	}
}

// suffixes are the names that promise trust items; other files without any
// (a README) are stepped over.
var suffixes = []string{".pem", ".crt", ".cer", ".der", ".crl", ".p7b", ".p7c", ".ors", ".ocsp"}

// maxFileBytes bounds one trust file.
const maxFileBytes = 64 << 20

// LoadDir reads every regular file of dir, subfolders aside. Self-signed
// certificates become anchors of domain, other certificates intermediates.
// A file named like a certificate, CRL or OCSP answer that holds none is an
// error.
func LoadDir(dir string, domain signature.Domain) (signature.Material, error) {
	var m signature.Material
	entries, err := os.ReadDir(dir)
	if err != nil {
		return m, fmt.Errorf("reading trust folder: %w", err)
	}
	for _, e := range entries {
		path := filepath.Join(dir, e.Name())
		info, err := os.Stat(path)
		if err != nil {
			return m, fmt.Errorf("reading trust folder: %w", err)
		}
		if !info.Mode().IsRegular() {
			continue
		}
		if info.Size() > maxFileBytes {
			return m, fmt.Errorf("trust file %s: larger than %d bytes", e.Name(), maxFileBytes)
		}
		data, err := os.ReadFile(path)
		if err != nil {
			return m, fmt.Errorf("reading trust file: %w", err)
		}
		items, err := ParseItems(data)
		if errors.Is(err, ErrNothing) && !slices.Contains(suffixes, strings.ToLower(filepath.Ext(path))) {
			continue
		}
		if err != nil {
			return m, fmt.Errorf("trust file %s: %w", e.Name(), err)
		}
		Add(&m, items, domain)
	}
	return m, nil
}
