// Package pdfsign signs PDF files: a revision of its own for each signature,
// and never a change to the bytes before it. The revisions of files that
// others wrote are laid out by Append; those of the demo by digitorus/pdfsign,
// so that the demo's files are not only what our own reader expects. The CMS
// inside is made here, because pdfsign's always claims the present as signing
// time and is never an ETSI.CAdES.detached.
//
// Append and Layout need no key, so that they can run in a process of its own;
// Seal reads only what they wrote.
package pdfsign

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"time"

	"github.com/digitorus/pdfsign"
	"github.com/digitorus/pdfsign/sign"
)

// Plan is what a revision looks like before it is signed.
type Plan struct {
	// Chain is the certificate and its issuers for which room is left.
	Chain []*x509.Certificate
	// At is the M entry of the signature dictionary, in its time zone.
	At time.Time
	// Name and Reason are entries of the dictionary; empty ones are left out.
	Name, Reason string
	// Shown is the widget; nil for an invisible signature.
	Shown *Appearance
	// CAdES makes it an ETSI.CAdES.detached signature, as Append always does.
	CAdES bool
	// Room is how many bytes more than for certificates and signature Append
	// leaves, for a time stamp.
	Room int
}

// Appearance is a visible widget on page one.
type Appearance struct {
	// X and Y are its lower left corner in points from that of the page.
	X, Y, Width, Height float64
	// Form is a form XObject as it stands in the file, without object number.
	Form []byte
}

// Layout appends a revision with an empty signature to file and returns all
// of it. It may hang or crash on hostile files: use it for our own.
func Layout(ctx context.Context, file []byte, p Plan) ([]byte, error) {
	if len(p.Chain) == 0 {
		return nil, errors.New("laying out a signature: no certificate")
	}
	doc, err := pdfsign.Open(bytes.NewReader(file), int64(len(file)))
	if err != nil {
		return nil, fmt.Errorf("opening a document to sign it: %w", err)
	}
	data := sign.SignData{
		Signer: blank{p.Chain[0].PublicKey}, Certificate: p.Chain[0], DigestAlgorithm: crypto.SHA256,
		CertificateChains: [][]*x509.Certificate{p.Chain}, Context: ctx,
	}
	data.Signature.CertType = sign.ApprovalSignature
	data.Signature.Info = sign.SignDataSignatureInfo{Name: p.Name, Reason: p.Reason, Date: p.At}
	if a := p.Shown; a != nil {
		data.Appearance = sign.Appearance{
			Visible: true, Page: 1,
			LowerLeftX: a.X, LowerLeftY: a.Y, UpperRightX: a.X + a.Width, UpperRightY: a.Y + a.Height,
			Renderer: func(*sign.SignContext, [4]float64) ([]byte, error) { return a.Form, nil },
		}
	}
	var buf bytes.Buffer
	if err := sign.SignWithData(bytes.NewReader(file), &buf, doc.Reader(), int64(len(file)), data); err != nil {
		return nil, fmt.Errorf("laying out a signature: %w", err)
	}
	out := buf.Bytes()
	if p.CAdES {
		// The two names have the same length.
		copy(out[len(file):], bytes.Replace(out[len(file):], []byte("/adbe.pkcs7.detached"), []byte("/ETSI.CAdES.detached"), 1))
	}
	return out, nil
}

// valueBytes is room for the signature of an RSA key of 4096 bits.
const valueBytes = 512

// blank stands in for the key while pdfsign lays out the revision.
type blank struct{ public crypto.PublicKey }

func (b blank) Public() crypto.PublicKey { return b.public }

func (b blank) Sign(io.Reader, []byte, crypto.SignerOpts) ([]byte, error) {
	return make([]byte, valueBytes), nil
}

// Seal signs the newest revision of a file that Append or Layout returned, which starts
// at from, and writes the CMS into the gap of its ByteRange. The bytes of file
// before from stay as they are.
func Seal(ctx context.Context, file []byte, from int, s Signature) error {
	gap, err := FindGap(file, from)
	if err != nil {
		return err
	}
	h := sha256.New()
	h.Write(file[:gap.Start])
	h.Write(file[gap.End:])
	der, err := s.cms(ctx, h.Sum(nil))
	if err != nil {
		return err
	}
	hole := file[gap.Start+1 : gap.End-1]
	if hex.EncodedLen(len(der)) > len(hole) {
		return fmt.Errorf("a signature of %d bytes does not fit into %d", len(der), len(hole)/2)
	}
	// pdfsign's own value is longer where it lists more certificates; only
	// zeros may follow a signature.
	n := hex.Encode(hole, der)
	copy(hole[n:], bytes.Repeat([]byte("0"), len(hole)-n))
	return nil
}

var byteRange = regexp.MustCompile(`/ByteRange ?\[0 (\d+) (\d+) (\d+)\s*\]`)

// Gap is where a signature's Contents stand, with their brackets. Tail is how
// many bytes behind the gap the signature covers.
type Gap struct{ Start, End, Tail int }

// FindGap finds the first signature that Append or Layout wrote at or behind
// from.
func FindGap(file []byte, from int) (Gap, error) {
	m := byteRange.FindSubmatch(file[min(from, len(file)):])
	if m == nil {
		return Gap{}, errors.New("no ByteRange in a signature of our own")
	}
	start, _ := strconv.Atoi(string(m[1]))
	end, _ := strconv.Atoi(string(m[2]))
	tail, _ := strconv.Atoi(string(m[3]))
	if start < from || start >= end || end > len(file) || tail > len(file)-end || file[start] != '<' || file[end-1] != '>' {
		return Gap{}, fmt.Errorf("the ByteRange of a signature of our own leaves out %d to %d", start, end)
	}
	return Gap{start, end, tail}, nil
}
