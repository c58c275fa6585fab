package main

import (
	"bytes"
	"context"
	"crypto/x509"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"

	"github.com/spf13/pflag"
	"golang.org/x/term"

	"minhchung/cmd/minhchung/pdfsign"
	"minhchung/cmd/minhchung/pkcs12"
	"minhchung/cmd/minhchung/report"
	"minhchung/cmd/minhchung/timestamp"
	"minhchung/evidence/signature"
	sigworker "minhchung/evidence/signature/worker"
	"minhchung/evidence/worker"
)

// keyFlags name the key that signs our own papers. The password is never an
// argument: other people of the computer can read those.
type keyFlags struct{ p12, passwordFile, tsa string }

func (k *keyFlags) bind(fs *pflag.FlagSet) {
	fs.StringVar(&k.p12, "p12", "", "")
	fs.StringVar(&k.passwordFile, "password-file", "", "")
	fs.StringVar(&k.tsa, "tsa", "", "")
}

// signer signs documents with one key. What it signs and what it has signed
// is read in children of their own; the key stays here.
type signer struct {
	id     *pkcs12.Identity
	p12    string // its key file, as typed
	tsa    string // address of a time-stamping authority, or empty
	reason string
	client *http.Client
	layout *worker.Pool    // appends revisions
	judge  *sigworker.Pool // reads and judges
}

// signer opens the key file, asks for its password where no file has it, and
// refuses a key that must not sign now.
func (k keyFlags) signer(e *env) (*signer, error) {
	if k.tsa != "" {
		if u, err := url.Parse(k.tsa); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
			return nil, usage("sign.bad-tsa", k.tsa)
		}
	}
	id, err := k.open(e)
	if err != nil {
		return nil, err
	}
	command, err := childCommand(layoutCommand)
	if err != nil {
		return nil, err
	}
	s := &signer{id: id, p12: k.p12, tsa: k.tsa, client: tsaClient()}
	if s.layout, err = worker.New(worker.Config{Command: command, Workers: 1, FileBytes: maxFileBytes, Limits: worker.Limits{Timeout: 30 * time.Second}}); err != nil {
		return nil, err
	}
	if s.judge, err = (&inspection{env: e}).pool(); err != nil {
		s.layout.Close()
		return nil, err
	}
	return s, nil
}

// tsaClient follows no redirect: the answer comes from whom people named.
func tsaClient() *http.Client {
	return &http.Client{Timeout: 30 * time.Second, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
}

func (s *signer) close() {
	// Children hold nothing worth an error.
	_ = s.layout.Close()
	_ = s.judge.Close()
}

// notFit are the reasons for which a key is refused, and their sentences.
var notFit = map[error]string{
	pkcs12.ErrPassword: "sign.wrong-password", pkcs12.ErrFormat: "sign.bad-p12", pkcs12.ErrMatch: "sign.no-certificate",
	pkcs12.ErrExpired: "sign.expired", pkcs12.ErrEarly: "sign.not-yet-valid", pkcs12.ErrUsage: "sign.key-usage", pkcs12.ErrKey: "sign.weak-key",
}

func (k keyFlags) open(e *env) (*pkcs12.Identity, error) {
	data, err := readSmall(e, k.p12, pkcs12.MaxBytes)
	if err != nil {
		return nil, err
	}
	password, err := k.password(e)
	if err != nil {
		return nil, err
	}
	id, err := pkcs12.Decode(data, password)
	if err == nil {
		err = id.Fit(time.Now())
	}
	for reason, key := range notFit {
		switch {
		case !errors.Is(err, reason):
		case id != nil && (reason == pkcs12.ErrExpired || reason == pkcs12.ErrEarly):
			return nil, usage(key, k.p12, validity(e, id.Chain[0]))
		default:
			return nil, usage(key, k.p12)
		}
	}
	return id, err
}

func validity(e *env, c *x509.Certificate) string {
	return e.Lang.Date(c.NotBefore.In(report.Vietnam)) + " – " + e.Lang.Date(c.NotAfter.In(report.Vietnam))
}

// maxPasswordBytes is the most a password file may have.
const maxPasswordBytes = 4 << 10

// password reads the first line of the password file, or asks on a terminal.
func (k keyFlags) password(e *env) (string, error) {
	if k.passwordFile != "" {
		b, err := readSmall(e, k.passwordFile, maxPasswordBytes)
		line, _, _ := strings.Cut(strings.TrimPrefix(string(b), "\ufeff"), "\n") // a mark that editors put there
		return strings.TrimSuffix(line, "\r"), err
	}
	in := int(os.Stdin.Fd())
	if !term.IsTerminal(in) {
		return "", usage("sign.no-password")
	}
	io.WriteString(e.Stderr, e.Lang.Text("sign.password", printable(k.p12)))
	b, err := term.ReadPassword(in)
	io.WriteString(e.Stderr, "\n")
	return string(b), err
}

// readSmall reads a regular file of at most limit bytes.
func readSmall(e *env, name string, limit int64) ([]byte, error) {
	f, err := openRegular(e.path(name))
	if err != nil {
		return nil, fileError(name, err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fileError(name, err)
	}
	if int64(len(b)) > limit {
		return nil, usage("cli.file-too-large", name, int64(len(b)), limit)
	}
	return b, nil
}

// sign returns data with one more revision that carries our signature, and
// what our own reader says about it: intact, and everything before as it was.
// name is for sentences.
func (s *signer) sign(ctx context.Context, e *env, name string, data []byte) ([]byte, signature.Facts, signature.Verdict, error) {
	var none signature.Facts
	before, verdict, err := s.look(ctx, data)
	if err == nil {
		err = mayBeSigned(e, name, before, verdict)
	}
	if err != nil {
		return nil, none, verdict, err
	}
	at := signingTime()
	signed, err := s.append(ctx, name, data, at)
	if err != nil {
		return nil, none, verdict, err
	}
	cms := pdfsign.Signature{Key: s.id.Key, Certificate: s.id.Chain[0], Bag: s.id.Chain}
	if s.tsa != "" {
		cms.Stamp = func(ctx context.Context, value []byte) ([]byte, error) {
			token, err := timestamp.Ask(ctx, s.client, s.tsa, value)
			if err != nil {
				return nil, fail(exitBackend, err, "sign.no-timestamp", s.tsa)
			}
			return token, nil
		}
	}
	if err := pdfsign.Seal(ctx, signed, len(data), cms); err != nil {
		return nil, none, verdict, err
	}
	after, verdict, err := s.look(ctx, signed)
	if err == nil {
		err = s.verify(name, before, after, verdict)
	}
	return signed, after, verdict, err
}

func (s *signer) look(ctx context.Context, data []byte) (signature.Facts, signature.Verdict, error) {
	return s.judge.Inspect(ctx, sigworker.Job{Size: int64(len(data)), Body: bytes.NewReader(data), At: time.Now()})
}

// mayBeSigned refuses what a signature would not help or would break.
func mayBeSigned(e *env, name string, f signature.Facts, v signature.Verdict) error {
	switch {
	case f.Condition == signature.Encrypted:
		return usage("sign.encrypted", name)
	case f.Condition != signature.Readable && (f.Format == "pdf" || f.Condition == signature.OverLimit):
		return usage("sign.unreadable", name, problemText(e.Lang, f.Problem))
	case f.Format != "pdf":
		return usage("sign.not-pdf", name)
	case f.Repaired:
		return usage("sign.unreadable", name, problemText(e.Lang, f.Problem))
	case v.Result != signature.ResultIntact && v.Result != signature.ResultUnsigned:
		return usage("sign.not-sound", name, e.Lang.Text("inspect.result-"+string(v.Result)))
	}
	// ISO 32000-2 12.8.2.2.2, P 1: no change is permitted, a signature is one.
	if slices.ContainsFunc(f.Signatures, func(s signature.SignatureFacts) bool { return s.Permission == 1 }) {
		return usage("sign.certified", name)
	}
	return nil
}

// layoutRequest is what the child that lays out is told.
type layoutRequest struct {
	Chain  [][]byte  `json:"chain"` // DER
	At     time.Time `json:"at"`
	Name   string    `json:"name"`
	Reason string    `json:"reason"`
	Room   int       `json:"room"`
}

// stampRoom is left for a time stamp: the answer of an authority is mostly
// its certificates.
const stampRoom = 16 << 10

// append adds a revision with an empty signature. The child only says what
// comes behind data, so it cannot change what is there.
func (s *signer) append(ctx context.Context, name string, data []byte, at time.Time) ([]byte, error) {
	request := layoutRequest{At: at, Name: s.id.Chain[0].Subject.CommonName, Reason: s.reason}
	for _, c := range s.id.Chain {
		request.Chain = append(request.Chain, c.Raw)
	}
	if s.tsa != "" {
		request.Room = stampRoom
	}
	outcome, err := s.layout.Do(ctx, worker.Job{Size: int64(len(data)), Body: bytes.NewReader(data), Request: request})
	if err != nil {
		return nil, err
	}
	if outcome.Problem != "" || len(outcome.Answer) == 0 {
		return nil, fail(exitUsage, nil, "sign.cannot-append", name)
	}
	return slices.Concat(data, outcome.Answer), nil
}

// verify is the last word before a signed file appears: our own reader finds
// one signature more, ours, sound and over everything, and no earlier one is
// worse off.
func (s *signer) verify(name string, before, after signature.Facts, v signature.Verdict) error {
	if v.Result != signature.ResultIntact || len(v.Signatures) != len(before.Signatures)+1 || len(after.Revisions) != len(before.Revisions)+1 {
		return usage("sign.would-break", name)
	}
	last := v.Signatures[len(v.Signatures)-1]
	if last.Changes != signature.ChangesNone || last.Signer == nil || last.Signer.Certificate != signature.HashOf(s.id.Chain[0].Raw) {
		return usage("sign.would-break", name)
	}
	if slices.Contains(last.Reasons, signature.ReasonKeyUsage) { // by its extended key usage
		return usage("sign.key-usage", s.p12)
	}
	return nil
}

// layoutCommand is how the program starts itself as a child that appends an
// empty signature to a file. It has no key, and is not in the help.
const layoutCommand = "layout-worker"

// runLayout is such a child.
func runLayout() int {
	err := worker.Main(os.Stdin, os.Stdout, func(json.RawMessage) (worker.Engine, error) { return layoutEngine, nil })
	if err != nil {
		return exitUsage
	}
	return exitDone
}

// layoutEngine answers with the bytes behind data, and with nothing when no
// signature can be appended to it.
func layoutEngine(request json.RawMessage, data []byte, _ time.Time) ([]byte, error) {
	var r layoutRequest
	if err := json.Unmarshal(request, &r); err != nil {
		return nil, err
	}
	plan := pdfsign.Plan{At: r.At, Name: r.Name, Reason: r.Reason, Room: r.Room}
	for _, der := range r.Chain {
		c, err := x509.ParseCertificate(der)
		if err != nil {
			return nil, err
		}
		plan.Chain = append(plan.Chain, c)
	}
	out, err := pdfsign.Append(data, plan)
	if err != nil || !bytes.HasPrefix(out, data) {
		return nil, nil
	}
	return out[len(data):], nil
}
