package demo

import (
	"context"
	"crypto/x509"
	"time"

	"minhchung/cmd/minhchung/pdfsign"
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

// sign adds a signature in a revision of its own.
func (w *workshop) sign(ctx context.Context, file []byte, s signing) ([]byte, error) {
	as := s.as
	if as == nil {
		as = s.who
	}
	// The longest chain we might write, so that there is room for it and for
	// a time stamp.
	plan := pdfsign.Plan{Chain: as.chain(), At: s.at.In(zone), CAdES: s.cades}
	if s.shown != nil {
		var err error
		if plan.Shown, err = w.printer.appearance(file, *s.shown); err != nil {
			return nil, err
		}
	}
	signed, err := pdfsign.Layout(ctx, file, plan)
	if err != nil {
		return nil, err
	}
	return signed, pdfsign.Seal(ctx, signed, len(file), w.cms(s))
}

// chain is the certificate with all its issuers.
func (id *identity) chain() []*x509.Certificate {
	var out []*x509.Certificate
	for ; id != nil; id = id.issuer {
		out = append(out, id.cert)
	}
	return out
}

func (w *workshop) cms(s signing) pdfsign.Signature {
	c := pdfsign.Signature{Key: s.who.key, Certificate: s.who.cert}
	for _, cert := range []*x509.Certificate{s.first, s.who.cert, s.issuer} {
		if cert != nil {
			c.Bag = append(c.Bag, cert)
		}
	}
	if !s.cades {
		c.Claimed = s.at
	}
	if s.stamped {
		c.Stamp = func(ctx context.Context, value []byte) ([]byte, error) {
			return w.tsa.stamp(ctx, value, s.at.Add(2*time.Second))
		}
	}
	return c
}
