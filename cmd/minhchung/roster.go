package main

import (
	"context"
	"crypto/x509"
	"time"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
)

// rosterFlags are what `roster add` is told.
type rosterFlags struct {
	unit, role, subject, name, from, until string
	certs                                  []string
}

// rosterCommand is `roster add --unit ID --role person|organisation
// (--cert FILE… | --subject DN) [--name N] [--from DATE] [--until DATE]` and
// `roster list --unit ID`.
func rosterCommand() *command {
	var f rosterFlags
	return &command{
		name: "roster",
		flags: func(fs *pflag.FlagSet) {
			fs.StringVar(&f.unit, "unit", "", "")
			fs.StringVar(&f.role, "role", "", "")
			fs.StringArrayVar(&f.certs, "cert", nil, "")
			fs.StringVar(&f.subject, "subject", "", "")
			fs.StringVar(&f.name, "name", "", "")
			fs.StringVar(&f.from, "from", "", "")
			fs.StringVar(&f.until, "until", "", "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			verb, rest := verbOf(args)
			if len(rest) > 0 {
				return usage("cli.extra-argument", rest[0])
			}
			if f.unit == "" {
				return usage("cli.missing-flag", "roster", "--unit")
			}
			switch verb {
			case "add":
				entries, err := f.entries(e)
				if err != nil {
					return err
				}
				return addRoster(ctx, e, entries)
			case "list":
				return listRoster(ctx, e, f.unit)
			}
			return usage("cli.verb", "roster", "add, list")
		},
	}
}

// entries has one for each certificate, or that of the subject.
func (f rosterFlags) entries(e *env) ([]evidence.RosterEntry, error) {
	entry, err := f.entry()
	if err != nil || len(f.certs) == 0 {
		return []evidence.RosterEntry{entry}, err
	}
	list := make([]evidence.RosterEntry, len(f.certs))
	for i, path := range f.certs {
		list[i] = entry
		if err := certificateEntry(e, path, &list[i]); err != nil {
			return nil, err
		}
	}
	return list, nil
}

// entry is what all entries have.
func (f rosterFlags) entry() (evidence.RosterEntry, error) {
	entry := evidence.RosterEntry{Unit: evidence.UnitID(f.unit)}
	switch r := signature.Role(f.role); r {
	case signature.RolePerson, signature.RoleOrganisation:
		entry.Role = r
	default:
		return entry, usage("roster.bad-role", f.role)
	}
	var err error
	if entry.From, err = dateFlag("--from", f.from); err != nil {
		return entry, err
	}
	if entry.Until, err = dateFlag("--until", f.until); err != nil {
		return entry, err
	}
	if !entry.Until.IsZero() {
		entry.Until = entry.Until.AddDate(0, 0, 1) // the last day counts in full
	}
	if (len(f.certs) == 0) == (f.subject == "") {
		return entry, usage("roster.cert-or-subject")
	}
	if len(f.certs) > 1 && f.name != "" {
		return entry, usage("roster.one-name", len(f.certs))
	}
	if !entry.Until.IsZero() && !entry.From.Before(entry.Until) {
		return entry, usage("roster.from-after-until", f.from, f.until)
	}
	if !utf8.ValidString(f.name+f.subject) || len(f.name) > 1000 || len(f.subject) > 1000 {
		return entry, usage("roster.bad-text")
	}
	entry.Name, entry.Subject = f.name, f.subject
	if len(f.certs) == 0 && entry.Name == "" {
		entry.Name = entry.Subject
	}
	return entry, nil
}

// certificateEntry reads the one certificate of a PEM or DER file.
func certificateEntry(e *env, path string, entry *evidence.RosterEntry) error {
	items, err := readItems(e, path)
	if err != nil {
		return err
	}
	for _, item := range items {
		if item.Kind == "anchor" || item.Kind == "intermediate" {
			rosterFromCertificate(entry, item)
			return nil
		}
	}
	return usage("roster.no-certificate", path)
}

// dateFlag parses an optional day in the time of Vietnam, where offices are
// held.
func dateFlag(flag, value string) (time.Time, error) {
	if value == "" {
		return time.Time{}, nil
	}
	for _, layout := range []string{time.DateOnly, "02/01/2006", "2/1/2006"} {
		if t, err := time.ParseInLocation(layout, value, report.Vietnam); err == nil {
			return t.UTC(), nil
		}
	}
	return time.Time{}, usage("cli.bad-date", flag, value)
}

// rosterFromCertificate takes the certificate by its digest. Its common name
// is for people; where crypto/x509 is stricter than our own reader, which
// judges, the whole subject has to do.
func rosterFromCertificate(entry *evidence.RosterEntry, item trust.Item) {
	entry.Certificate, entry.DER = item.SHA256, item.DER
	if entry.Name == "" {
		entry.Name = item.Name
		if cert, err := x509.ParseCertificate(item.DER); err == nil && cert.Subject.CommonName != "" {
			entry.Name = cert.Subject.CommonName
		}
	}
}

// addRoster appends entries that are not there yet.
func addRoster(ctx context.Context, e *env, entries []evidence.RosterEntry) error {
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		if _, err := findUnit(ctx, s, string(entries[0].Unit)); err != nil {
			return err
		}
		added, err := appendRoster(ctx, s, entries)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if e.JSON {
				entry.DER = nil
				if err := e.emit(entry); err != nil {
					return err
				}
				continue
			}
			key := "roster.unchanged"
			if added[i] {
				key = "roster.added"
			}
			e.say(key, entry.Name, e.Lang.Text("role."+string(entry.Role)), string(entry.Unit))
		}
		return nil
	})
}

func appendRoster(ctx context.Context, s *session, entries []evidence.RosterEntry) (added []bool, err error) {
	_, err = s.Store.Update(ctx, s.Scope, evidence.RootBook, func(tx evidence.Tx) error {
		added = make([]bool, len(entries))
		have, err := tx.Roster(ctx, entries[0].Unit)
		if err != nil {
			return err
		}
		for i, entry := range entries {
			if hasRoster(have, entry) {
				continue
			}
			if _, err := tx.Append(ctx, evidence.RosterAdded{Entry: entry}); err != nil {
				return err
			}
			added[i], have = true, append(have, entry)
		}
		return nil
	})
	return added, err
}

func hasRoster(have []evidence.RosterEntry, entry evidence.RosterEntry) bool {
	for _, h := range have {
		if h.Role == entry.Role && h.Certificate == entry.Certificate && h.Subject == entry.Subject &&
			h.From.Equal(entry.From) && h.Until.Equal(entry.Until) {
			return true
		}
	}
	return false
}

func listRoster(ctx context.Context, e *env, unit string) error {
	return withReader(ctx, e, func(ctx context.Context, s *session) error {
		if _, err := findUnit(ctx, s, unit); err != nil {
			return err
		}
		return s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
			entries, err := r.Roster(ctx, evidence.UnitID(unit))
			if err != nil {
				return err
			}
			for _, entry := range entries {
				entry.DER = nil
				if e.JSON {
					err = e.emit(entry)
				} else {
					e.say("roster.line", e.Lang.Text("role."+string(entry.Role)), entry.Name, entry.Certificate.String())
				}
				if err != nil {
					return err
				}
			}
			return nil
		})
	})
}
