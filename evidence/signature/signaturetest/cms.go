package signaturetest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rand"
	"crypto/rsa"
	_ "crypto/sha1"
	_ "crypto/sha256"
	_ "crypto/sha3"
	_ "crypto/sha512"
	"encoding/asn1"
	"slices"
	"strconv"
	"strings"
	"time"
)

// tlv encodes one DER element.
func tlv(tag byte, parts ...[]byte) []byte {
	body := bytes.Join(parts, nil)
	out := []byte{tag}
	switch n := len(body); {
	case n < 0x80:
		out = append(out, byte(n))
	case n < 0x100:
		out = append(out, 0x81, byte(n))
	case n < 0x10000:
		out = append(out, 0x82, byte(n>>8), byte(n))
	default:
		out = append(out, 0x83, byte(n>>16), byte(n>>8), byte(n))
	}
	return append(out, body...)
}

// open encodes one element with an indefinite length (X.690 8.1.3.6).
func open(tag byte, parts ...[]byte) []byte {
	return slices.Concat([]byte{tag, 0x80}, bytes.Join(parts, nil), []byte{0, 0})
}

func oid(dotted string) []byte {
	var id asn1.ObjectIdentifier
	for _, p := range strings.Split(dotted, ".") {
		n, err := strconv.Atoi(p)
		must(err)
		id = append(id, n)
	}
	der, err := asn1.Marshal(id)
	must(err)
	return der
}

func integer(n int) []byte {
	der, err := asn1.Marshal(n)
	must(err)
	return der
}

var null = []byte{5, 0}

// hashOIDs are the digest algorithms messages can be made with.
var hashOIDs = map[crypto.Hash]string{
	crypto.SHA1: "1.3.14.3.2.26", crypto.SHA256: "2.16.840.1.101.3.4.2.1",
	crypto.SHA384: "2.16.840.1.101.3.4.2.2", crypto.SHA512: "2.16.840.1.101.3.4.2.3",
	crypto.SHA3_256: "2.16.840.1.101.3.4.2.8",
}

func digest(h crypto.Hash, data []byte) []byte {
	s := h.New()
	s.Write(data)
	return s.Sum(nil)
}

// Message describes a CMS SignedData. Signer and Content are required; every
// other field that is not zero asks for something else than a sound, detached
// message with SHA-256, signed attributes and the signer's certificate.
type Message struct {
	Signer  *Authority
	Content []byte // detached, unless Embed

	Hash         crypto.Hash // zero: SHA-256
	PSS          bool        // RSASSA-PSS
	PSSMask      crypto.Hash // zero: as Hash
	Embed        bool        // put Content into the message
	EmbedOther   []byte      // put this into the message; empty and not nil: an empty eContent
	ContentType  string      // zero: id-data
	Certificates [][]byte    // nil: the signer's
	SID          *Authority  // whose issuer and serial number; nil: the signer's
	ByKeyID      bool        // sid by subject key identifier
	SigningTime  time.Time   // zero: none
	NoAttrs      bool
	NoDigest     bool       // leave message-digest out
	TwiceDigest  bool       // message-digest twice
	WrongDigest  bool       // another message-digest
	WrongType    bool       // another content-type attribute
	ESS          *Authority // whose certificate the ESS attribute names; nil: the signer's
	NoESS        bool
	ESSv1        bool
	Unsorted     bool     // attributes in reverse order, signed so
	SignSorted   bool     // with Unsorted: signed in DER order
	DigestOID    string   // digestAlgorithm to state instead
	SignatureOID string   // signatureAlgorithm to state instead
	CRLs, OCSPs  [][]byte // in SignedData.crls
	Adobe        [][]byte // CRLs in adbe-revocationInfoArchival
	Policy       string   // OID of the signature policy
	// Stamp makes the signature time stamps for the signature value.
	Stamp        func(signature []byte) [][]byte
	TwoSigners   bool
	Indefinite   bool // indefinite lengths outside, constructed strings
	BadSignature bool
}

// Sign returns the DER of the message and its signature value.
func (m Message) Sign() (der, signature []byte) {
	if m.Hash == 0 {
		m.Hash = crypto.SHA256
	}
	if m.ContentType == "" {
		m.ContentType = "1.2.840.113549.1.7.1"
	}
	if m.Certificates == nil {
		m.Certificates = [][]byte{m.Signer.DER}
	}
	info, signature := m.signerInfo()
	infos := tlv(0x31, info)
	if m.TwoSigners {
		infos = tlv(0x31, info, info)
	}
	set, seq, ctx := tlv, tlv, tlv
	if m.Indefinite {
		seq, ctx = open, open
	}
	encap := [][]byte{oid(m.ContentType)}
	if content, has := m.embedded(); has {
		octets := tlv(4, content)
		if m.Indefinite {
			octets = open(0x24, tlv(4, content[:len(content)/2]), tlv(4, content[len(content)/2:]))
		}
		encap = append(encap, ctx(0xa0, octets))
	}
	parts := [][]byte{integer(m.version()), set(0x31, m.digestAlgorithm()), seq(0x30, encap...), ctx(0xa0, m.Certificates...)}
	if len(m.CRLs)+len(m.OCSPs) > 0 {
		answers := slices.Clone(m.CRLs)
		for _, o := range m.OCSPs {
			answers = append(answers, tlv(0xa1, oid("1.3.6.1.5.5.7.16.2"), o))
		}
		parts = append(parts, ctx(0xa1, answers...))
	}
	parts = append(parts, infos)
	return seq(0x30, oid("1.2.840.113549.1.7.2"), ctx(0xa0, seq(0x30, parts...))), signature
}

// version is that of the SignedData (RFC 5652 5.1).
func (m Message) version() int {
	switch {
	case len(m.OCSPs) > 0:
		return 5
	case m.ByKeyID || m.ContentType != "1.2.840.113549.1.7.1":
		return 3
	}
	return 1
}

func (m Message) embedded() ([]byte, bool) {
	if m.EmbedOther != nil {
		return m.EmbedOther, true
	}
	return m.Content, m.Embed
}

func (m Message) digestAlgorithm() []byte {
	id := m.DigestOID
	if id == "" {
		id = hashOIDs[m.Hash]
	}
	return tlv(0x30, oid(id), null)
}

func (m Message) signerInfo() (info, signature []byte) {
	sid := m.SID
	if sid == nil {
		sid = m.Signer
	}
	serial, err := asn1.Marshal(sid.Cert.SerialNumber)
	must(err)
	id := tlv(0x30, sid.Cert.RawIssuer, serial)
	if m.ByKeyID {
		id = tlv(0x80, sid.Cert.SubjectKeyId)
	}
	version := 1
	if m.ByKeyID { // 5.3
		version = 3
	}
	parts := [][]byte{integer(version), id, m.digestAlgorithm()}
	signed := m.Content
	if !m.NoAttrs {
		attrs := m.attributes()
		sorted := slices.Clone(attrs)
		slices.SortFunc(sorted, bytes.Compare)
		if m.Unsorted {
			slices.Reverse(sorted)
		}
		parts = append(parts, tlv(0xa0, sorted...))
		if m.SignSorted {
			slices.SortFunc(sorted, bytes.Compare)
		}
		signed = tlv(0x31, sorted...)
	}
	signature = m.sign(signed)
	if m.BadSignature {
		signature[len(signature)-1] ^= 1
	}
	parts = append(parts, m.signatureAlgorithm(), tlv(4, signature))
	if m.Stamp != nil {
		parts = append(parts, tlv(0xa1, attribute("1.2.840.113549.1.9.16.2.14", m.Stamp(signature)...)))
	}
	return tlv(0x30, parts...), signature
}

func attribute(kind string, values ...[]byte) []byte {
	return tlv(0x30, oid(kind), tlv(0x31, values...))
}

func (m Message) attributes() [][]byte {
	contentType, sum := m.ContentType, digest(m.Hash, m.Content)
	if m.WrongType {
		contentType = "1.2.840.113549.1.9.16.1.1"
	}
	if m.WrongDigest {
		sum = digest(m.Hash, append(slices.Clone(m.Content), '!'))
	}
	list := [][]byte{attribute("1.2.840.113549.1.9.3", oid(contentType))}
	if !m.NoDigest {
		list = append(list, attribute("1.2.840.113549.1.9.4", tlv(4, sum)))
	}
	if m.TwiceDigest {
		list = append(list, attribute("1.2.840.113549.1.9.4", tlv(4, sum)))
	}
	if !m.SigningTime.IsZero() {
		list = append(list, attribute("1.2.840.113549.1.9.5", tlv(0x17, []byte(m.SigningTime.UTC().Format("060102150405Z")))))
	}
	if !m.NoESS {
		list = append(list, m.ess())
	}
	if m.Policy != "" {
		list = append(list, attribute("1.2.840.113549.1.9.16.2.15", tlv(0x30, oid(m.Policy))))
	}
	if len(m.Adobe) > 0 {
		list = append(list, attribute("1.2.840.113583.1.1.8", tlv(0x30, tlv(0xa0, tlv(0x30, m.Adobe...)))))
	}
	return list
}

func (m Message) ess() []byte {
	named := m.Signer
	if m.ESS != nil {
		named = m.ESS
	}
	if m.ESSv1 {
		return attribute("1.2.840.113549.1.9.16.2.12", tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, digest(crypto.SHA1, named.DER))))))
	}
	return attribute("1.2.840.113549.1.9.16.2.47", tlv(0x30, tlv(0x30, tlv(0x30, tlv(4, digest(crypto.SHA256, named.DER))))))
}

func (m Message) sign(data []byte) []byte {
	var opts crypto.SignerOpts = m.Hash
	sum := digest(m.Hash, data)
	if _, ok := m.Signer.Key.(ed25519.PrivateKey); ok {
		opts, sum = crypto.Hash(0), data
	}
	if m.PSS {
		opts = &rsa.PSSOptions{SaltLength: rsa.PSSSaltLengthEqualsHash, Hash: m.Hash}
	}
	sig, err := m.Signer.Key.Sign(rand.Reader, sum, opts)
	must(err)
	return sig
}

func (m Message) signatureAlgorithm() []byte {
	if m.SignatureOID != "" {
		return tlv(0x30, oid(m.SignatureOID), null)
	}
	switch m.Signer.Key.(type) {
	case *ecdsa.PrivateKey:
		return tlv(0x30, oid(map[crypto.Hash]string{
			crypto.SHA1: "1.2.840.10045.4.1", crypto.SHA256: "1.2.840.10045.4.3.2",
			crypto.SHA384: "1.2.840.10045.4.3.3", crypto.SHA512: "1.2.840.10045.4.3.4",
			crypto.SHA3_256: "2.16.840.1.101.3.4.3.10",
		}[m.Hash]))
	case ed25519.PrivateKey:
		return tlv(0x30, oid("1.3.101.112"))
	}
	if !m.PSS {
		return tlv(0x30, oid("1.2.840.113549.1.1.1"), null)
	}
	mask := m.PSSMask
	if mask == 0 {
		mask = m.Hash
	}
	hash := tlv(0x30, oid(hashOIDs[m.Hash]), null)
	mgf := tlv(0x30, oid("1.2.840.113549.1.1.8"), tlv(0x30, oid(hashOIDs[mask]), null))
	return tlv(0x30, oid("1.2.840.113549.1.1.10"),
		tlv(0x30, tlv(0xa0, hash), tlv(0xa1, mgf), tlv(0xa2, integer(m.Hash.Size()))))
}

// Token makes a time-stamp token of tsa over data at gen; change may put a
// fault in.
func Token(tsa *Authority, data []byte, gen time.Time, change func(*Message)) []byte {
	imprint := tlv(0x30, tlv(0x30, oid(hashOIDs[crypto.SHA256]), null), tlv(4, digest(crypto.SHA256, data)))
	info := tlv(0x30, integer(1), oid("1.3.6.1.4.1.99999.1"), imprint, integer(int(serials.Add(1))),
		tlv(0x18, []byte(gen.UTC().Format("20060102150405Z"))))
	m := Message{Signer: tsa, Content: info, Embed: true, ContentType: "1.2.840.113549.1.9.16.1.4"}
	if change != nil {
		change(&m)
	}
	der, _ := m.Sign()
	return der
}

// Accurate lets a Token say that it may be off by so many seconds.
func Accurate(seconds int) func(*Message) {
	return func(m *Message) {
		var info asn1.RawValue
		_, err := asn1.Unmarshal(m.Content, &info)
		must(err)
		m.Content = tlv(0x30, info.Bytes, tlv(0x30, integer(seconds)))
	}
}
