package cms

import (
	"math/big"
	"time"
)

// TSTInfo is what a time-stamping authority signs (RFC 3161 2.4.2).
type TSTInfo struct {
	Policy   OID
	Imprint  AlgorithmIdentifier // of the stamped data
	Sum      []byte
	Serial   []byte // content octets of the INTEGER
	Time     time.Time
	Accuracy time.Duration // 0 when absent
}

// IsToken reports whether the content type is id-ct-TSTInfo, so that Content
// holds a TSTInfo.
func (sd *SignedData) IsToken() bool { return oidTSTInfo.Equal(sd.ContentType) }

// ParseTSTInfo reads the eContent of a time-stamp token.
func ParseTSTInfo(der []byte) (*TSTInfo, error) {
	r := newReader(der)
	seq, err := r.expect(tagSequence, "TSTInfo")
	if err != nil {
		return nil, err
	}
	if !r.empty() {
		return nil, malformed("bytes after the TSTInfo")
	}
	in := r.into(seq)
	if v, err := in.smallInt("TSTInfo version"); err != nil || v != 1 {
		return nil, malformed("TSTInfo version")
	}
	info := new(TSTInfo)
	policy, err := in.expect(tagOID, "TSA policy")
	if err != nil {
		return nil, err
	}
	info.Policy = OID(policy.body)
	imprint, err := in.expect(tagSequence, "messageImprint")
	if err != nil {
		return nil, err
	}
	mi := in.into(imprint)
	if info.Imprint, err = mi.algorithm("messageImprint"); err != nil {
		return nil, err
	}
	if info.Sum, err = mi.octets(tagOctetString, "hashedMessage"); err != nil {
		return nil, err
	}
	serial, err := in.expect(tagInteger, "TSTInfo serialNumber")
	if err != nil {
		return nil, err
	}
	info.Serial = serial.body
	gen, err := in.expect(tagGeneralizedTime, "genTime")
	if err != nil {
		return nil, err
	}
	ok := false
	if info.Time, ok = ParseTime(gen.tag, gen.body); !ok {
		return nil, malformed("genTime is not a time")
	}
	if in.peek() == tagSequence {
		if info.Accuracy, err = in.accuracy(); err != nil {
			return nil, err
		}
	}
	return info, nil // ordering, nonce, tsa and extensions decide nothing
}

// accuracy reads Accuracy: seconds, [0] millis, [1] micros, all optional.
func (r *reader) accuracy() (time.Duration, error) {
	e, err := r.next()
	if err != nil {
		return 0, err
	}
	var total time.Duration
	for in := r.into(e); !in.empty(); {
		part, err := in.next()
		if err != nil {
			return 0, err
		}
		n := new(big.Int).SetBytes(part.body)
		if !n.IsInt64() || n.Int64() > 1<<31 {
			return 0, malformed("accuracy out of range")
		}
		switch part.tag {
		case tagInteger:
			total += time.Duration(n.Int64()) * time.Second
		case 0x80:
			total += time.Duration(n.Int64()) * time.Millisecond
		case 0x81:
			total += time.Duration(n.Int64()) * time.Microsecond
		}
	}
	return total, nil
}
