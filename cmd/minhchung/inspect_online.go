package main

import (
	"context"
	"io"
	"slices"
	"strings"
	"time"

	"minhchung/evidence"
	"minhchung/evidence/signature"
	"minhchung/evidence/signature/online"
	"minhchung/evidence/signature/trust"
	"minhchung/evidence/signature/worker"
)

// fetcher asks the hosts of --online; a test lets it ask this machine.
var fetcher = func(hosts []string) *online.Fetcher { return &online.Fetcher{Hosts: hosts} }

// onlineFile is a file about which issuers may be asked.
type onlineFile struct {
	size int64
	open func() (io.ReadCloser, error)
}

// askIssuers collects what verdicts on the files lack about revocation, asks
// the hosts, and says what came of it. A file that cannot be read asks
// nothing: it is named when it is judged.
func askIssuers(ctx context.Context, e *env, pool *worker.Pool, hosts []string, files []onlineFile, at time.Time) ([]online.Answer, error) {
	var questions []signature.Question
	for _, f := range files {
		body, err := f.open()
		if err != nil {
			continue
		}
		more, err := pool.Questions(ctx, worker.Job{Size: f.size, Body: body, At: at})
		body.Close()
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		if err != nil {
			continue
		}
		questions = append(questions, more...)
	}
	answers := fetcher(hosts).All(ctx, questions)
	if ctx.Err() != nil {
		return nil, ctx.Err()
	}
	good := slices.DeleteFunc(slices.Clone(answers), func(a online.Answer) bool { return a.Err != nil })
	e.note("online.asked", e.Lang.Int(int64(len(answers))), e.Lang.Int(int64(len(good))))
	for _, a := range answers {
		if a.Err != nil {
			e.note("online.failed", printable(a.Question.URL), printable(a.Err.Error()))
		}
	}
	return good, nil
}

// online adds the answers of the hosts to the material of an inspection.
func (in *inspection) online(ctx context.Context, pool *worker.Pool) error {
	var files []onlineFile
	for _, t := range in.targets {
		if t.skipped != "" || t.err != nil {
			continue
		}
		f, err := openRegular(t.full)
		if err != nil {
			continue
		}
		info, err := f.Stat()
		f.Close()
		if err == nil {
			files = append(files, onlineFile{info.Size(), func() (io.ReadCloser, error) { return openRegular(t.full) }})
		}
	}
	answers, err := askIssuers(ctx, in.env, pool, in.hosts, files, in.at)
	if err != nil {
		return err
	}
	for _, a := range answers {
		if a.Question.OCSP != nil {
			in.material.OCSPs = append(in.material.OCSPs, a.DER)
		} else {
			in.material.CRLs = append(in.material.CRLs, a.DER)
		}
	}
	return pool.Use(in.material, in.policy)
}

// askIssuers puts what the hosts of --online say about the signers of an
// import into the trust store, before anything is judged.
func (job *importJob) askIssuers(ctx context.Context, e *env, s *session) error {
	basis, err := s.basis(ctx, job.book, job.rule)
	if err != nil {
		return err
	}
	pool, stop, err := s.pool(basis)
	if err != nil {
		return err
	}
	defer stop()
	var files []onlineFile
	for _, f := range job.files {
		if f.size <= maxFileBytes {
			files = append(files, onlineFile{f.size, func() (io.ReadCloser, error) { return openRegular(f.full) }})
		}
	}
	now := time.Now()
	answers, err := askIssuers(ctx, e, pool, job.flags.online, files, now)
	if err != nil {
		return err
	}
	return appendTrust(ctx, s, onlineEntries(answers, now))
}

// onlineEntries are answers as the trust store keeps them: an import judges
// by what is in the store, so that every verdict can be reached again.
func onlineEntries(answers []online.Answer, at time.Time) []evidence.TrustEntry {
	var entries []evidence.TrustEntry
	for _, a := range answers {
		entry := evidence.TrustEntry{
			SHA256: signature.HashOf(a.DER), Kind: trust.KindCRL, DER: a.DER,
			Name: strings.ToValidUTF8(a.Question.URL, "?") + " " + at.UTC().Format(time.RFC3339),
		}
		if a.Question.OCSP != nil {
			entry.Kind = trust.KindOCSP
		}
		if len(entry.Name) > maxEntryName {
			entry.Name = entry.Name[len(entry.Name)-maxEntryName:]
		}
		entries = append(entries, entry)
	}
	return entries
}

// maxEntryName keeps the name of an answer within what a leaf opens to.
const maxEntryName = 200
