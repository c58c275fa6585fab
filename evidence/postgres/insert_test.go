package postgres

import (
	"fmt"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/signature"
)

// TestWhatIsTakenForNewMayBeThere puts records into the tables that no document
// or row of the book explains. A document that is read together with others is
// taken for new, and so are its records: the Update finds them there and runs
// once more, with the same end as ever.
func TestWhatIsTakenForNewMayBeThere(t *testing.T) {
	const unread = 3 // the first ones are there before, and not looked for
	for n, stray := range []string{
		`INSERT INTO facts (book, key, reader, format, condition, pages, signatures, entry) VALUES ('%[1]s', '%[2]s', '', '', '', 0, 0, 99)`,
		`INSERT INTO verdict (book, key, result, material, policy, signatures, judged_at, entry) VALUES ('%[1]s', '%[2]s', '', '', '', 0, '', 99)`,
		`INSERT INTO signature (book, key, document, n, kind, indication, subindication, fingerprint, entry) VALUES ('%[1]s', '%[2]s/0000', '', 0, '', '', '', '', 99)`,
		`INSERT INTO document (book, key, size, name, entry) VALUES ('%[1]s', '%[2]s', 7, 'stray', 99)`,
		`INSERT INTO "match" (book, key, document, "by", entry) VALUES ('%[1]s', '2/BC-UBND', '', '', 99)`,
		`INSERT INTO rowstate (book, key, "row", rule, state, code, grade, reasons, entry) VALUES ('%[1]s', 'nd30 2/BC-UBND', '', '', '', '', '', '[]', 99)`,
	} {
		for _, inside := range []bool{false, true} { // a savepoint
			s := openTest(t)
			mustAdd(t, s.Store, "1")
			sha := signature.HashOf([]byte("document"))
			put := func() { s.database.Exec(t, fmt.Sprintf(stray, columnOf(testBook), sha)) }
			if n < unread {
				put()
			}
			runs := 0
			_, err := s.Update(t.Context(), everything, testBook, func(tx evidence.Tx) error {
				runs++
				err := tx.(evidence.Prefetcher).Prefetch(t.Context(), evidence.Keys{Documents: []signature.Hash{sha}, Rows: []string{"2/BC-UBND"}, Rules: []string{"nd30"}})
				if err != nil {
					return err
				}
				if n >= unread && runs == 1 { // nobody but an administrator can do this meanwhile
					put()
				}
				if inside {
					return tx.Savepoint(t.Context(), func() error { return arrive(t, tx, sha) })
				}
				return arrive(t, tx, sha)
			})
			if err != nil || runs != 2 {
				t.Errorf("%.30s: got %d runs and %v, want 2", stray, runs, err)
			}
			whole(t, s.Store, 7)
			var strays int
			err = connect(t, s.database.Admin).QueryRow(t.Context(), `SELECT (SELECT count(*) FROM document WHERE entry = 99) + (SELECT count(*) FROM facts WHERE entry = 99)
				+ (SELECT count(*) FROM verdict WHERE entry = 99) + (SELECT count(*) FROM signature WHERE entry = 99)
				+ (SELECT count(*) FROM "match" WHERE entry = 99) + (SELECT count(*) FROM rowstate WHERE entry = 99)`).Scan(&strays)
			if err != nil || strays != 0 {
				t.Errorf("%.30s: got %d strays and %v, want none", stray, strays, err)
			}
		}
	}
}

// arrive appends what an import says of one document.
func arrive(t *testing.T, tx evidence.Tx, sha signature.Hash) error {
	_, err := tx.Append(t.Context(),
		evidence.DocumentReceived{SHA256: sha, Size: 7, Name: "2.pdf"},
		evidence.FactsRead{Facts: signature.Facts{SHA256: sha}},
		evidence.VerdictReached{Document: sha, Verdict: signature.Verdict{Result: signature.ResultIntact, Signatures: make([]signature.SignatureVerdict, 1)}},
		evidence.Matched{Match: evidence.Match{Row: "2/BC-UBND", Document: sha, By: "name"}},
		evidence.StateChanged{State: evidence.RowState{Row: "2/BC-UBND", Rule: "nd30", State: evidence.Proven, Grade: "B"}})
	return err
}
