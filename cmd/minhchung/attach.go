package main

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/pflag"

	"minhchung/cmd/minhchung/report"
	"minhchung/evidence"
	"minhchung/evidence/count"
	"minhchung/evidence/register"
	"minhchung/evidence/scheme"
	"minhchung/evidence/signature"
)

// attachFlags are what `attach` is told.
type attachFlags struct {
	book                                bookFlags
	criteria                            []string
	file, document, pages, note, scheme string
	remove                              bool
}

// attachCommand is `attach --unit U --period P --criterion C… --file FILE`:
// any file becomes evidence for one or more criteria. --document names one that
// the book has already, by digest or name; --remove takes a link off again.
func attachCommand() *command {
	var f attachFlags
	return &command{
		name: "attach",
		flags: func(fs *pflag.FlagSet) {
			f.book.bind(fs)
			fs.StringArrayVar(&f.criteria, "criterion", nil, "")
			fs.StringVar(&f.file, "file", "", "")
			fs.StringVar(&f.document, "document", "", "")
			fs.StringVar(&f.pages, "pages", "", "")
			fs.StringVar(&f.note, "note", "", "")
			fs.StringVar(&f.scheme, "scheme", "", "")
			fs.BoolVar(&f.remove, "remove", false, "")
		},
		run: func(ctx context.Context, e *env, args []string) error {
			if len(args) > 0 {
				return usage("cli.extra-argument", args[0])
			}
			var file *localFile
			if err := f.check(); err != nil {
				return err
			}
			if f.file != "" {
				var err error
				if file, err = evidenceFile(e, f.file); err != nil {
					return err
				}
			}
			return withStore(ctx, e, func(ctx context.Context, s *session) error { return runAttach(ctx, e, s, f, file) })
		},
	}
}

func (f *attachFlags) check() error {
	f.note = strings.TrimSpace(f.note)
	switch {
	case len(f.criteria) == 0:
		return usage("cli.missing-flag", "attach", "--criterion")
	case f.file == "" && f.document == "":
		return usage("cli.missing-flag", "attach", "--file")
	case f.file != "" && f.document != "":
		return usage("attach.one-of")
	case len(f.note) > evidence.MaxNoteBytes || !utf8.ValidString(f.note):
		return usage("attach.bad-note", evidence.MaxNoteBytes)
	case f.remove && f.pages != "":
		return usage("attach.remove-pages")
	}
	pages, err := evidence.ParsePages(f.pages)
	if err != nil {
		return usage("attach.bad-pages", f.pages)
	}
	f.pages = pages.String()
	return nil
}

// evidenceFile is one file that is not in a folder of an import: the same
// rules for what is taken.
func evidenceFile(e *env, path string) (*localFile, error) {
	full := e.path(path)
	info, err := os.Stat(full)
	if err != nil {
		return nil, fileError(path, err)
	}
	name := shownName(filepath.Base(full))
	switch {
	case !info.Mode().IsRegular():
		return nil, usage("cli.not-a-file", path)
	case info.Size() > e.settings.MaxFileBytes():
		return nil, usage("cli.file-too-large", path, info.Size(), e.settings.MaxFileBytes())
	case info.Size() == 0:
		return nil, usage("attach.empty", path)
	case register.MayBeSecret(name, nil):
		return nil, usage("attach.secret", name)
	}
	if full, err = filepath.EvalSymlinks(full); err != nil {
		return nil, fileError(path, err)
	}
	return &localFile{name, full, info.Size()}, nil
}

// received is the file as the intake takes it.
func (f localFile) received() evidence.File {
	return evidence.File{Name: f.rel, Size: f.size, Open: f.open}
}

// target is the book that the flags name, which need not be open yet when they
// name both unit and period.
func (b bookFlags) target(ctx context.Context, s *session) (evidence.BookID, evidence.Unit, error) {
	if b.unit == "" || b.period == "" {
		return b.find(ctx, s)
	}
	if !periodName.MatchString(b.period) {
		return evidence.BookID{}, evidence.Unit{}, usage("cli.bad-period", b.period)
	}
	unit, err := findUnit(ctx, s, b.unit)
	return evidence.BookID{Unit: unit.ID, Period: evidence.Period(b.period)}, unit, err
}

// schemeFor is the scheme that a book answers; see report.SchemeOf.
func schemeFor(ctx context.Context, s *session, book evidence.BookID, asked string) (*scheme.Scheme, error) {
	found, err := report.SchemeOf(ctx, s.Store, s.Scope, book, asked)
	var unknown *count.UnknownError
	switch {
	case errors.Is(err, report.ErrNoScheme):
		return nil, usage("scheme.choose", string(book.Period), strings.Join(scheme.IDs(), ", "))
	case errors.As(err, &unknown):
		return nil, &exit{code: exitUsage, err: err}
	}
	return found, err
}

func runAttach(ctx context.Context, e *env, s *session, f attachFlags, file *localFile) error {
	book, _, err := f.book.target(ctx, s)
	if err != nil {
		return err
	}
	if f.remove {
		return runDetach(ctx, e, s, book, f, file)
	}
	sch, err := schemeFor(ctx, s, book, f.scheme)
	if err != nil {
		return err
	}
	links, err := f.links(sch)
	if err != nil {
		return err
	}
	var known evidence.Document
	if file == nil {
		if known, err = findDocument(ctx, s, book, f.document); err != nil {
			return err
		}
	}
	in, done, err := newIntake(ctx, s, book, nil)
	if err != nil {
		return err
	}
	defer done()
	opened, err := in.UseScheme(ctx, report.Used(sch), f.scheme != "")
	if err != nil {
		return err
	}
	if opened {
		e.note("attach.opened", book.String(), sch.ID())
	}
	out := attached{Unit: book.Unit, Period: book.Period, Scheme: sch.ID()}
	before, err := linksOf(ctx, s, book)
	if err != nil {
		return err
	}
	sha := known.SHA256
	if file == nil {
		err = in.AttachDocument(ctx, sha, links)
	} else {
		sha, out.New, err = in.Attach(ctx, file.received(), links)
	}
	if err != nil {
		return attachError(err)
	}
	if err := s.follow(ctx, e, in); err != nil {
		return err
	}
	return out.print(ctx, e, s, book, sha, links, before)
}

// attachError gives what is wrong with the file its sentence.
func attachError(err error) error {
	var pages *evidence.PagesError
	var failure evidence.Failure
	switch {
	case errors.As(err, &pages):
		return usage("attach.no-such-page", pages.Pages, pages.Last)
	case errors.As(err, &failure):
		return fail(exitUsage, failure.Err, "cli.cannot-read", failure.Name)
	}
	return err
}

// links makes a link of each criterion; naming one twice is one link.
func (f attachFlags) links(sch *scheme.Scheme) ([]evidence.Attachment, error) {
	var links []evidence.Attachment
	hash := report.Used(sch).SHA256
	for _, id := range f.criteria {
		n, err := sch.Criterion(strings.TrimSpace(id))
		if err != nil {
			return nil, &exit{code: exitUsage, err: err}
		}
		if slices.ContainsFunc(links, func(a evidence.Attachment) bool { return a.Criterion == n.ID }) {
			continue
		}
		links = append(links, evidence.Attachment{Criterion: n.ID, Scheme: hash, Pages: f.pages, Note: f.note})
	}
	return links, nil
}

// linksOf returns the entry of each link of the book, by criterion and
// document.
func linksOf(ctx context.Context, s *session, book evidence.BookID) (map[string]int64, error) {
	entries := map[string]int64{}
	err := s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) error {
		list, err := r.Attachments(ctx)
		for _, a := range list {
			entries[a.Criterion+" "+a.Document.String()] = a.Entry
		}
		return err
	})
	return entries, err
}

// findDocument finds a document of the book by its SHA-256, the first eight or
// more digits of it, or its name.
func findDocument(ctx context.Context, s *session, book evidence.BookID, name string) (evidence.Document, error) {
	var found []evidence.Document
	err := s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) (err error) {
		found, err = report.FindDocuments(ctx, r, name)
		return err
	})
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return evidence.Document{}, usage("cli.no-book", string(book.Unit), string(book.Period))
	case err != nil:
		return evidence.Document{}, err
	case len(found) == 0:
		return evidence.Document{}, usage("attach.no-document", name)
	case len(found) > 1:
		return evidence.Document{}, usage("attach.which-document", name, len(found))
	}
	return found[0], nil
}

// attached is what `attach --json` gives.
type attached struct {
	Unit     evidence.UnitID   `json:"unit"`
	Period   evidence.Period   `json:"period"`
	Scheme   string            `json:"scheme"`
	Document evidence.Document `json:"document"`
	New      bool              `json:"new"` // the bytes were not there before
	Links    []attachedLink    `json:"links"`
}

type attachedLink struct {
	evidence.Attachment
	Changed bool `json:"changed"` // false: it was there just so
}

func (out attached) print(ctx context.Context, e *env, s *session, book evidence.BookID, sha signature.Hash, links []evidence.Attachment, before map[string]int64) error {
	var file report.Evidence
	err := s.Store.View(ctx, s.Scope, book, func(r evidence.Reader) (err error) {
		if out.Document, err = r.Document(ctx, sha); err != nil {
			return err
		}
		if file, err = report.EvidenceOf(ctx, r, evidence.Attachment{Document: sha}); err != nil {
			return err
		}
		for _, a := range links {
			link, err := r.AttachmentOf(ctx, a.Criterion, sha)
			if err != nil {
				return err
			}
			out.Links = append(out.Links, attachedLink{link, before[link.Criterion+" "+sha.String()] != link.Entry})
		}
		return nil
	})
	if err != nil {
		return err
	}
	if e.JSON {
		return e.emit(out)
	}
	key := "attach.known"
	if out.New {
		key = "attach.received"
	}
	e.say(key, out.Document.Name, e.Lang.Bytes(out.Document.Size), sha.String())
	if file.Plain() {
		e.say("attach.plain")
	} else {
		e.say("inspect.result", e.Lang.Text("inspect.result-"+string(out.Document.Result)))
	}
	for _, link := range out.Links {
		key := "attach.unchanged"
		if link.Changed {
			key = "attach.done"
		}
		e.say(key, link.Criterion, pagesText(e, link.Pages), link.Entry)
	}
	return nil
}

// pagesText is "all pages" or "pages 1-3,5".
func pagesText(e *env, pages string) string {
	if pages == "" {
		return e.Lang.Text("attach.all-pages")
	}
	return e.Lang.Text("attach.pages", pages)
}

// runDetach takes a document off criteria. They need not be of the scheme in
// force: what hangs on another one's can be taken off too.
func runDetach(ctx context.Context, e *env, s *session, book evidence.BookID, f attachFlags, file *localFile) error {
	name := f.document
	if file != nil {
		sum, err := file.digest()
		if err != nil {
			return fileError(f.file, err)
		}
		name = signature.Hash(sum).String()
	}
	doc, err := findDocument(ctx, s, book, name)
	if err != nil {
		return err
	}
	before, err := linksOf(ctx, s, book)
	if err != nil {
		return err
	}
	for i, id := range f.criteria {
		id = strings.TrimSpace(id)
		f.criteria[i] = id
		if _, there := before[id+" "+doc.SHA256.String()]; !there {
			return usage("attach.no-link", doc.Name, id)
		}
	}
	in, err := s.intake(ctx, book)
	if err != nil {
		return err
	}
	slices.Sort(f.criteria)
	f.criteria = slices.Compact(f.criteria)
	if err := in.Detach(ctx, doc.SHA256, f.criteria, f.note); err != nil {
		return err
	}
	if err := s.follow(ctx, e, in); err != nil {
		return err
	}
	if e.JSON {
		return e.emit(struct {
			Unit     evidence.UnitID   `json:"unit"`
			Period   evidence.Period   `json:"period"`
			Document evidence.Document `json:"document"`
			Removed  []string          `json:"removed"`
		}{book.Unit, book.Period, doc, f.criteria})
	}
	e.say("attach.removed", doc.Name, strings.Join(f.criteria, ", "))
	return nil
}
