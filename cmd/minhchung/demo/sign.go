package demo

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/digitorus/pdfsign"
	"github.com/digitorus/pdfsign/sign"
)

// signing is one signature to be made.
type signing struct {
	who *identity
	// as is whose certificates the revision is laid out for, where it is not
	// the signer: a forger leaves room for his victim's.
	as *identity
	at time.Time // claimed, and proven when stamped
	// first is put in front of the signer's certificate in the CMS.
	first   *x509.Certificate
	issuer  *x509.Certificate // put behind it; nil for a CMS with the leaf only
	stamped bool
	cades   bool
	// shown is what the signature's widget says on page one; nil for an
	// invisible signature.
	shown *label
}

// blank stands in for the key while pdfsign lays out the revision.
type blank struct{ public crypto.PublicKey }

func (b blank) Public() crypto.PublicKey { return b.public }

func (b blank) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, keyBits/8), nil
}

// sign adds a signature in a revision of its own. The revision is laid out
// by pdfsign: field, signature dictionary, catalogue, cross-reference table
// and ByteRange. The CMS inside is made here, because pdfsign's always claims
// the present as signing time, and the demo's year is long gone.
func (w *workshop) sign(ctx context.Context, file []byte, s signing) ([]byte, error) {
	doc, err := pdfsign.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("opening a document to sign it: %w", err)
	}
	as := s.as
	if as == nil {
		as = s.who
	}
	data := sign.SignData{
		Signer: blank{as.key.Public()}, Certificate: as.cert, DigestAlgorithm: crypto.SHA256,
		// The longest chain we might write, so that there is room for it
		// and for a time stamp.
		CertificateChains: [][]*x509.Certificate{as.chain()},
		Context:           ctx,
	}
	data.Signature.CertType = sign.ApprovalSignature
	data.Signature.Info.Date = s.at.In(zone)
	if s.shown != nil {
		if data.Appearance, err = w.printer.appearance(file, *s.shown); err != nil {
			return nil, err
		}
	}
	var out bytes.Buffer
	if err := sign.SignWithData(bytes.NewReader(file), &out, doc.Reader(), int64(len(file)), data); err != nil {
		return nil, fmt.Errorf("laying out a signature: %w", err)
	}
	signed := out.Bytes()
	return signed, w.seal(ctx, signed, len(file), s)
}

// chain is the certificate with all its issuers.
func (id *identity) chain() []*x509.Certificate {
	var out []*x509.Certificate
	for ; id != nil; id = id.issuer {
		out = append(out, id.cert)
	}
	return out
}

var byteRange = regexp.MustCompile(`/ByteRange \[0 (\d+) (\d+) (\d+)\]`)

// seal computes the CMS of the newest revision, which starts at from, and
// writes it into the gap of its ByteRange.
func (w *workshop) seal(ctx context.Context, file []byte, from int, s signing) error {
	if s.cades {
		// The two names have the same length.
		copy(file[from:], bytes.Replace(file[from:], []byte("/adbe.pkcs7.detached"), []byte("/ETSI.CAdES.detached"), 1))
	}
	gap, err := signatureGap(file, from)
	if err != nil {
		return err
	}
	h := sha256.New()
	h.Write(file[:gap.start])
	h.Write(file[gap.end:])
	der, err := w.cms(ctx, h.Sum(nil), s)
	if err != nil {
		return err
	}
	hole := file[gap.start+1 : gap.end-1]
	if hex.EncodedLen(len(der)) > len(hole) {
		return fmt.Errorf("a signature of %d bytes does not fit into %d", len(der), len(hole)/2)
	}
	// pdfsign's own value is longer where it lists more certificates; only
	// zeros may follow a signature.
	n := hex.Encode(hole, der)
	copy(hole[n:], bytes.Repeat([]byte("0"), len(hole)-n))
	return nil
}

// gap is where a signature's Contents stand, with their brackets.
type gap struct{ start, end int }

// signatureGap finds the first signature at or behind from.
func signatureGap(file []byte, from int) (gap, error) {
	m := byteRange.FindSubmatch(file[from:])
	if m == nil {
		return gap{}, fmt.Errorf("no ByteRange in a signature of our own")
	}
	start, _ := strconv.Atoi(string(m[1]))
	end, _ := strconv.Atoi(string(m[2]))
	tail, _ := strconv.Atoi(string(m[3]))
	if start >= end || end+tail > len(file) || file[start] != '<' || file[end-1] != '>' {
		return gap{}, fmt.Errorf("the ByteRange of a signature of our own leaves out %d to %d", start, end)
	}
	return gap{start, end}, nil
}

func (w *workshop) cms(ctx context.Context, digest []byte, s signing) ([]byte, error) {
	c := cmsSignature{signer: s.who}
	if s.first != nil {
		c.certs = append(c.certs, s.first)
	}
	c.certs = append(c.certs, s.who.cert)
	if s.issuer != nil {
		c.certs = append(c.certs, s.issuer)
	}
	if !s.cades {
		c.claimed = s.at
	}
	if err := c.sign(digest); err != nil {
		return nil, fmt.Errorf("signing: %w", err)
	}
	var token []byte
	if s.stamped {
		var err error
		if token, err = w.tsa.stamp(ctx, c.value, s.at.Add(2*time.Second)); err != nil {
			return nil, err
		}
	}
	return c.encode(token)
}
