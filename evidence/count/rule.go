// Package count turns judged register rows into an indicator: a counting rule
// gives each row one of four states, and the states add up to exact integers.
// A counting rule is data with a legal reference and a validity period; the
// code knows only the table of row states.
package count

import (
	"bytes"
	"embed"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

//go:embed rules/*.json
var files embed.FS

// builtin names the rules the program carries, in the order they are offered.
// deploy/rules holds the same bytes for people to read.
var builtin = []string{"nd30", "organisation", "any"}

// AnyRole in an expected list stands for any signer on the unit's roster.
const AnyRole signature.Role = "any"

// What a rule does at line 13 of the table.
const (
	ActUndetermined = "undetermined"
	ActProvenB      = "proven-b"
)

// The cases of line 13: a certificate that expired, or was revoked, after the
// claimed time without proof that the signature existed before; and no usable
// revocation answer. The first two have the code "time-unproven".
const (
	CaseExpiredLater      = "expired-later"
	CaseRevokedLater      = "revoked-later"
	CaseRevocationUnknown = "revocation-unknown"
)

var cases = []string{CaseExpiredLater, CaseRevokedLater, CaseRevocationUnknown}

// Whether a rule looks that the file is the document its row names (line 16 of
// the table).
const (
	ContentConfirmed = "confirmed" // a file that is not confirmed is UNDETERMINED
	ContentUnchecked = "unchecked" // it does not look
)

// Definition is a counting rule as its file says it.
type Definition struct {
	ID      string `json:"id"`      // 1 to 32 of a-z, 0-9 and '-'
	Version int    `json:"version"` // from 1; a changed rule has a new version
	Title   Text   `json:"title"`
	Legal   []Text `json:"legal"` // what the rule rests on, article by article
	Notes   []Text `json:"notes"` // what people should know before they choose it
	// ValidFrom and ValidUntil are the first and last day on which the legal
	// basis applies; an empty ValidUntil has no end known.
	ValidFrom  evidence.Date `json:"validFrom"`
	ValidUntil evidence.Date `json:"validUntil"`
	// Criteria are the criteria (tiêu chí) whose indicator the rule may give.
	Criteria []string `json:"criteria"`
	// Expected lists for each kind of document the signatures that must be
	// there. AnyRole stands alone.
	Expected map[evidence.Kind][]signature.Role `json:"expected"`
	// Ordered demands that the expected signatures were made in the order of
	// the list, by the file's revisions and not by claimed times.
	Ordered bool `json:"ordered"`
	// TimeEvidence lists the proofs of time that give grade A: "timestamp",
	// "ledger", "exchange".
	TimeEvidence []string `json:"timeEvidence"`
	// ClaimedTime says how far a claimed signing time may lie from the row's
	// date and still agree with it, in days of Vietnamese time.
	ClaimedTime Window `json:"claimedTime"`
	// Line13 says for each case of line 13 whether such a row is
	// ActUndetermined or, when the claimed time agrees, ActProvenB.
	Line13 map[string]string `json:"line13"`
	// Content is ContentConfirmed or ContentUnchecked.
	Content string `json:"content"`
}

// Text is a sentence in the two languages of the program.
type Text struct {
	VI string `json:"vi"`
	EN string `json:"en"`
}

// In returns the English sentence for "en" and the Vietnamese one otherwise.
func (t Text) In(lang string) string {
	if lang == "en" {
		return t.EN
	}
	return t.VI
}

// Window is a tolerance in whole days.
type Window struct {
	DaysBefore int `json:"daysBefore"`
	DaysAfter  int `json:"daysAfter"`
}

// Rule is a counting rule (quy tắc tính). It is immutable and safe for
// concurrent use.
type Rule struct {
	def   Definition
	bytes []byte
}

var _ evidence.Rule = (*Rule)(nil)

// ID returns the rule's id, such as "nd30".
func (r *Rule) ID() string { return r.def.ID }

// Canonical returns the exact bytes the rule was parsed from. The caller may
// change them.
func (r *Rule) Canonical() []byte { return bytes.Clone(r.bytes) }

// Definition returns what the rule says. The caller must not change its maps
// and slices.
func (r *Rule) Definition() Definition { return r.def }

// Counts reports whether the rule may be used for the criterion.
func (r *Rule) Counts(criterion string) bool {
	return slices.Contains(r.def.Criteria, criterion)
}

// Rules returns the rules the program carries, the default one first.
func Rules() []*Rule {
	rules := make([]*Rule, 0, len(builtin))
	for _, id := range builtin {
		r, err := Load(id)
		if err != nil {
			// The bytes are part of the program and a test parses each.
			panic(fmt.Sprintf("embedded counting rule %s: %v", id, err))
		}
		rules = append(rules, r)
	}
	return rules
}

// Load returns the embedded rule with the given id. For an id that is not
// known the error names those that are.
func Load(id string) (*Rule, error) {
	if !slices.Contains(builtin, id) {
		return nil, &UnknownError{What: "rule", ID: id, Known: slices.Clone(builtin), Near: nearest(id, builtin)}
	}
	data, err := files.ReadFile("rules/" + id + ".json")
	if err != nil {
		return nil, fmt.Errorf("reading counting rule %s: %w", id, err)
	}
	return Parse(data)
}

// maxRuleBytes bounds a rule file: the ledger keeps it whole.
const maxRuleBytes = 64 << 10

// Parse reads a rule. A field it does not know is an error, since a rule that
// says more than the program understands would be counted wrongly.
func Parse(data []byte) (*Rule, error) {
	if len(data) > maxRuleBytes {
		return nil, fmt.Errorf("a counting rule has at most %d bytes, got %d", maxRuleBytes, len(data))
	}
	dec := json.NewDecoder(bytes.NewReader(data))
	dec.DisallowUnknownFields()
	var d Definition
	if err := dec.Decode(&d); err != nil {
		return nil, fmt.Errorf("parsing counting rule: %w", err)
	}
	if _, err := dec.Token(); err != io.EOF {
		return nil, errors.New("parsing counting rule: something follows the closing brace")
	}
	if err := d.check(); err != nil {
		return nil, fmt.Errorf("counting rule %q: %w", d.ID, err)
	}
	return &Rule{def: d, bytes: bytes.Clone(data)}, nil
}

func (d *Definition) check() error {
	switch {
	case !validID(d.ID):
		return errors.New("id must be 1 to 32 of a-z, 0-9 and '-'")
	case d.Version < 1:
		return errors.New("version must be at least 1")
	case d.Title.VI == "" || d.Title.EN == "":
		return errors.New("title must be given in vi and en")
	case len(d.Legal) == 0:
		return errors.New("legal must name what the rule rests on")
	case len(d.Criteria) == 0:
		return errors.New("criteria must name at least one criterion")
	case d.Content != ContentConfirmed && d.Content != ContentUnchecked:
		return fmt.Errorf("content must be %q or %q, got %q", ContentConfirmed, ContentUnchecked, d.Content)
	case d.ClaimedTime.DaysBefore < 0 || d.ClaimedTime.DaysAfter < 0:
		return errors.New("claimedTime must not be negative")
	}
	if err := d.checkDates(); err != nil {
		return err
	}
	if err := d.checkExpected(); err != nil {
		return err
	}
	return d.checkTime()
}

func validID(id string) bool {
	return id != "" && len(id) <= 32 && strings.Trim(id, "abcdefghijklmnopqrstuvwxyz0123456789-") == ""
}

func (d *Definition) checkDates() error {
	if _, err := time.Parse(time.DateOnly, string(d.ValidFrom)); err != nil {
		return fmt.Errorf("validFrom: %w", err)
	}
	if d.ValidUntil == "" {
		return nil
	}
	if _, err := time.Parse(time.DateOnly, string(d.ValidUntil)); err != nil {
		return fmt.Errorf("validUntil: %w", err)
	}
	if d.ValidUntil < d.ValidFrom {
		return errors.New("validUntil lies before validFrom")
	}
	return nil
}

func (d *Definition) checkExpected() error {
	kinds := []evidence.Kind{evidence.Original, evidence.Copy, evidence.Annex}
	for kind := range d.Expected {
		if !slices.Contains(kinds, kind) {
			return fmt.Errorf("expected: unknown kind %q", kind)
		}
	}
	for _, kind := range kinds {
		roles := d.Expected[kind]
		if len(roles) == 0 || len(roles) > 2 {
			return fmt.Errorf("expected.%s must list one or two signatures, got %d", kind, len(roles))
		}
		for i, role := range roles {
			switch {
			case role == AnyRole && len(roles) > 1:
				return fmt.Errorf("expected.%s: %q stands alone", kind, AnyRole)
			case role != AnyRole && role != signature.RolePerson && role != signature.RoleOrganisation:
				return fmt.Errorf("expected.%s: unknown role %q", kind, role)
			case slices.Contains(roles[:i], role):
				return fmt.Errorf("expected.%s names %q twice", kind, role)
			}
		}
	}
	return nil
}

func (d *Definition) checkTime() error {
	for _, e := range d.TimeEvidence {
		if !slices.Contains([]string{byTimestamp, byLedger, byExchange}, e) {
			return fmt.Errorf("timeEvidence: unknown evidence %q", e)
		}
	}
	for name := range d.Line13 {
		if !slices.Contains(cases, name) {
			return fmt.Errorf("line13: unknown case %q", name)
		}
	}
	for _, name := range cases {
		if a := d.Line13[name]; a != ActUndetermined && a != ActProvenB {
			return fmt.Errorf("line13.%s must be %q or %q, got %q", name, ActUndetermined, ActProvenB, a)
		}
	}
	return nil
}
