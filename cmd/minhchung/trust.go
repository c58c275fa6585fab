package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/pflag"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/trust"
)

// maxTrustBytes bounds one file of certificates or revocation lists.
const maxTrustBytes = 64 << 20

// trustCommand is `trust add --domain D FILE|DIR…`, `trust remove SHA-256`
// and `trust list`. Adding a root here is the administrator's act of trust.
func trustCommand() *command {
	var domain string
	return &command{
		name:  "trust",
		flags: func(fs *pflag.FlagSet) { fs.StringVar(&domain, "domain", "", "") },
		run: func(ctx context.Context, e *env, args []string) error {
			verb, rest := verbOf(args)
			switch verb {
			case "add":
				return addTrust(ctx, e, domain, rest)
			case "remove":
				return removeTrust(ctx, e, rest)
			case "list":
				return listTrust(ctx, e)
			}
			return usage("cli.verb", "trust", "add, remove, list")
		},
	}
}

func addTrust(ctx context.Context, e *env, domain string, paths []string) error {
	d := signature.Domain(domain)
	if !slices.Contains([]signature.Domain{signature.DomainOfficialDuty, signature.DomainPublic, signature.DomainTest}, d) {
		return usage("trust.bad-domain", domain)
	}
	if len(paths) == 0 {
		return usage("cli.missing-flag", "trust add", "FILE")
	}
	var entries []evidence.TrustEntry
	for _, p := range paths {
		more, err := trustEntries(e, p, d)
		if err != nil {
			return err
		}
		if len(more) == 0 {
			return usage("trust.nothing", p)
		}
		entries = append(entries, more...)
	}
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		if err := appendTrust(ctx, s, entries); err != nil {
			return err
		}
		return printTrust(e, entries)
	})
}

// trustEntries reads a file or folder; its self-signed certificates become
// anchors of the domain.
func trustEntries(e *env, path string, d signature.Domain) ([]evidence.TrustEntry, error) {
	items, err := readItems(e, path)
	var entries []evidence.TrustEntry
	for _, item := range items {
		entry := evidence.TrustEntry{SHA256: item.SHA256, Kind: item.Kind, Name: item.Name, DER: item.DER}
		if entry.Kind == trust.KindAnchor {
			entry.Domain = d
		}
		entries = append(entries, entry)
	}
	return entries, err
}

// appendTrust adds what is not there yet, or is there as removed.
func appendTrust(ctx context.Context, s *session, entries []evidence.TrustEntry) error {
	_, err := s.Store.Update(ctx, s.Scope, evidence.RootBook, func(tx evidence.Tx) error {
		have, err := tx.Trust(ctx)
		if err != nil {
			return err
		}
		for _, entry := range entries {
			if slices.ContainsFunc(have, func(h evidence.TrustEntry) bool {
				return h.SHA256 == entry.SHA256 && h.Domain == entry.Domain && h.Removed == entry.Removed
			}) {
				continue
			}
			if _, err := tx.Append(ctx, evidence.TrustChanged{Entry: entry}); err != nil {
				return err
			}
			have = append(have, entry)
		}
		return nil
	})
	return err
}

func removeTrust(ctx context.Context, e *env, args []string) error {
	if len(args) != 1 {
		return usage("cli.missing-flag", "trust remove", "SHA-256")
	}
	var sha signature.Hash
	if err := sha.UnmarshalText([]byte(args[0])); err != nil {
		return usage("trust.bad-sha", args[0])
	}
	return withStore(ctx, e, func(ctx context.Context, s *session) error {
		var removed []evidence.TrustEntry
		err := s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
			have, err := r.Trust(ctx)
			for _, h := range have {
				if h.SHA256 == sha && !h.Removed {
					h.Removed = true
					removed = append(removed, h)
				}
			}
			return err
		})
		if err != nil {
			return err
		}
		if len(removed) == 0 {
			return usage("trust.not-there", args[0])
		}
		if err := appendTrust(ctx, s, removed); err != nil {
			return err
		}
		return printTrust(e, removed)
	})
}

func listTrust(ctx context.Context, e *env) error {
	return withReader(ctx, e, func(ctx context.Context, s *session) error {
		return s.Store.View(ctx, s.Scope, evidence.RootBook, func(r evidence.Reader) error {
			entries, err := r.Trust(ctx)
			if err != nil {
				return err
			}
			return printTrust(e, entries)
		})
	})
}

func printTrust(e *env, entries []evidence.TrustEntry) error {
	for _, entry := range entries {
		if e.JSON {
			entry.DER = nil
			if err := e.emit(entry); err != nil {
				return err
			}
			continue
		}
		key := "trust.line"
		if entry.Removed {
			key = "trust.removed-line"
		}
		e.say(key, e.Lang.Text("trust.kind-"+entry.Kind), string(entry.Domain), entry.Name, entry.SHA256.String())
	}
	return nil
}

// readItems reads the certificates and revocation answers of a file, or of
// every file of a folder.
func readItems(e *env, path string) ([]trust.Item, error) {
	full := e.path(path)
	info, err := os.Stat(full)
	if err != nil {
		return nil, fileError(path, err)
	}
	if !info.IsDir() {
		return readItemFile(full, path, info)
	}
	var items []trust.Item
	err = filepath.WalkDir(full, func(p string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		more, err := readItemFile(p, p, info)
		items = append(items, more...)
		return err
	})
	return items, err
}

func readItemFile(full, shown string, info fs.FileInfo) ([]trust.Item, error) {
	if !info.Mode().IsRegular() {
		return nil, usage("cli.not-a-file", shown)
	}
	if info.Size() > maxTrustBytes {
		return nil, usage("cli.file-too-large", shown, info.Size(), int64(maxTrustBytes))
	}
	data, err := os.ReadFile(full)
	if err != nil {
		return nil, fileError(shown, err)
	}
	items, err := trust.ParseItems(data)
	if err != nil || len(items) == 0 {
		return nil, fail(exitUsage, err, "trust.nothing", shown)
	}
	return items, nil
}

// fileError is a file of the command line that cannot be read, in a sentence.
func fileError(path string, err error) error {
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return usage("cli.no-such-file", path)
	case errors.Is(err, fs.ErrPermission):
		return usage("cli.no-permission", path)
	}
	return fail(exitUsage, err, "cli.cannot-read", path)
}
