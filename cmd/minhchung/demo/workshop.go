package demo

import (
	"context"
	"crypto/rand"
	"fmt"
	"time"

	"minhchung/evidence"
)

// workshop makes the files of a plan. It is safe for concurrent use.
type workshop struct {
	plan    *plan
	pki     *pki
	tsa     *authority
	printer *printer
}

// make returns the bytes of an entry's file.
func (w *workshop) make(ctx context.Context, e *entry) ([]byte, error) {
	if e.v.fault == webPage {
		return []byte(errorPage), nil
	}
	l := w.letter(e)
	base, err := w.base(e, l)
	if err != nil {
		return nil, err
	}
	if e.v.fault == locked {
		return lock(base, rand.Text()) // nobody keeps the password
	}
	if e.v.fault == transplant {
		return w.transplanted(ctx, e, base)
	}
	signed, err := w.signAll(ctx, e, base, l)
	if err != nil {
		return nil, err
	}
	return w.spoil(e, signed)
}

func (w *workshop) base(e *entry, l letter) ([]byte, error) {
	if e.v.scanned {
		return w.printer.scan(l, e.v.org != noSigner)
	}
	return w.printer.print(l)
}

func (w *workshop) letter(e *entry) letter {
	rng := w.plan.text(e)
	signer := e.v.person
	if signer == noSigner {
		signer = chair
	}
	l := letter{
		number: e.row.Number, notation: e.row.Notation, date: e.row.Date, topic: e.topic,
		annex: e.v.kind == evidence.Annex, blank: e.v.numbering != printed,
		signer: profiles[signer].name, title: profiles[signer].title,
		plain:      e.v.fault == digitFlip || e.v.fault == newContent,
		paragraphs: 2 + rng.IntN(7), rng: rng, later: "0123456789",
	}
	if e.v.visible {
		for _, who := range []signerID{e.v.person, e.v.org} {
			l.later += labelOf(profiles[who], e.released).text()
		}
	}
	if e.v.fault == misfiled {
		l.number = "9" + l.number + "000" // above any demo's last number
	}
	if l.annex {
		l.title = "" // an annex is not signed by anybody in person
	}
	return l
}

// step is one act in the life of a file.
type step func(file []byte) ([]byte, error)

// signAll takes the file through person, clerk, organisation and receiver.
func (w *workshop) signAll(ctx context.Context, e *entry, file []byte, l letter) ([]byte, error) {
	steps := []step{
		w.signature(ctx, e, e.v.person, e.personSigns()),
		func(file []byte) ([]byte, error) {
			if e.v.numbering == printed {
				return file, nil
			}
			return w.printer.enterNumber(file, l, e.v.numbering)
		},
		w.signature(ctx, e, e.v.org, e.released),
	}
	if e.v.fault == orgFirst {
		steps[0], steps[2] = w.signature(ctx, e, e.v.org, e.personSigns()), w.signature(ctx, e, e.v.person, e.released)
	}
	if e.v.arrival {
		steps = append(steps, w.signature(ctx, e, receiver, e.released.Add(95*time.Minute)))
	}
	for i, s := range steps {
		var err error
		if file, err = s(file); err != nil {
			return nil, fmt.Errorf("step %d of %s: %w", i+1, e.v.name, err)
		}
	}
	return file, nil
}

// signature is the step in which who signs; nobody does nothing.
func (w *workshop) signature(ctx context.Context, e *entry, who signerID, at time.Time) step {
	if who == noSigner {
		return func(file []byte) ([]byte, error) { return file, nil }
	}
	s := signing{
		who: w.pki.signers[who], at: at.AddDate(0, 0, e.v.lateDays),
		stamped: e.v.stamped, cades: e.v.cades,
	}
	if e.v.visible {
		s.shown = labelOf(profiles[who], s.at)
	}
	// Seen in the field: every other CMS has only the leaf.
	if ca := s.who.issuer; ca != nil && e.index%2 == 0 {
		s.issuer = ca.cert
	}
	if who == forger && e.v.fault == victimFirst {
		s.as = w.pki.signers[chair]
		s.first, s.issuer = s.as.cert, s.as.issuer.cert
	}
	return func(file []byte) ([]byte, error) { return w.sign(ctx, file, s) }
}
