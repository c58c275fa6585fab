package postgres

import (
	"fmt"
	"os"
	"strconv"
	"testing"

	"minhchung/evidence"
	"minhchung/evidence/storetest"
)

// BenchmarkAppend commits leaves of one kind, 1, 64 or 1,024 in a transaction:
// what deploy/test/tessera does with tessera's POSIX storage. The figure is
// leaves/s.
func BenchmarkAppend(b *testing.B) {
	for _, batch := range []int{1, 64, 1024} {
		b.Run(fmt.Sprintf("batch=%d", batch), func(b *testing.B) {
			s := openTest(b)
			mustAdd(b, s.Store, "first")
			n := 0
			for b.Loop() {
				events := make([]evidence.Event, batch)
				for i := range events {
					n++
					events[i] = evidence.RowAdded{Row: evidence.Row{ID: fmt.Sprintf("%d/BC-UBND", n), Number: fmt.Sprint(n), Subject: "Báo cáo"}}
				}
				_, err := s.Update(b.Context(), everything, testBook, func(tx evidence.Tx) error {
					_, err := tx.Append(b.Context(), events...)
					return err
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "leaves/s")
		})
	}
}

// BenchmarkUpdate commits documents as an import does, as the benchmark of the
// SQLite driver. The figure is docs/s.
func BenchmarkUpdate(b *testing.B) {
	for _, group := range []int{1, 64} {
		b.Run(fmt.Sprintf("documents=%d", group), func(b *testing.B) {
			s := openTest(b)
			mustAdd(b, s.Store, "first")
			n := 0
			for b.Loop() {
				_, err := s.Update(b.Context(), everything, testBook, func(tx evidence.Tx) error {
					for range group {
						n++
						if err := storetest.AddDocument(b.Context(), tx, n); err != nil {
							return err
						}
					}
					return nil
				})
				if err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(n)/b.Elapsed().Seconds(), "docs/s")
		})
	}
}

// communes is how many the country has; the rows are spread over them.
const communes = 3321

// BenchmarkIndicator asks for the indicator of one commune and of all, by
// counters and by a plain count(*) over the states. MC_BENCH_ROWS says how many
// rows there are (10,000,000 for the figures that are aimed at); without it the
// benchmark is skipped, since making them takes minutes.
func BenchmarkIndicator(b *testing.B) {
	rows, err := strconv.Atoi(os.Getenv("MC_BENCH_ROWS"))
	if err != nil {
		b.Skip("MC_BENCH_ROWS is not set: how many rows to make")
	}
	s := openTest(b)
	mustMakePartitions(b, s.Store, "2022")
	s.database.Exec(b,
		fmt.Sprintf(`INSERT INTO rowstate (book, key, "row", rule, state, code, grade, reasons, entry)
			SELECT '2022/xa-' || n %% %[1]d, 'nd30 ' || n / %[1]d || '/BC-UBND', n / %[1]d || '/BC-UBND', 'nd30',
				CASE WHEN n %% 61 = 0 THEN 'DISPROVEN' ELSE 'PROVEN' END, CASE WHEN n %% 61 = 0 THEN 'no-file' ELSE '' END,
				CASE WHEN n %% 61 = 0 THEN '' ELSE 'B' END, '[]', n FROM generate_series(0, %[2]d) n`, communes, rows-1),
		`INSERT INTO counter (book, period, rule, state, code, grade, total)
			SELECT book, split_part(book, '/', 1), rule, state, code, grade, count(*) FROM rowstate GROUP BY 1, 2, 3, 4, 5, 6`,
		fmt.Sprintf(`INSERT INTO head SELECT '2022/xa-' || n, 'h/xa-' || n, 1, decode(repeat('00', 32), 'hex'), '2022-01-01T00:00:00Z', '' FROM generate_series(0, %d) n`, communes-1),
		`VACUUM ANALYZE rowstate`, `VACUUM ANALYZE counter`, `VACUUM ANALYZE head`)
	one := evidence.BookID{Unit: "xa-1000", Period: "2022"}
	admin := connect(b, s.database.Admin)
	total := func(list []evidence.Counter) (n int64) {
		for _, c := range list {
			n += c.Rows
		}
		return n
	}
	b.Run("one by counters", func(b *testing.B) {
		for b.Loop() {
			err := s.View(b.Context(), everything, one, func(r evidence.Reader) error {
				list, err := r.Counters(b.Context())
				if n := total(list); n < int64(rows/communes) {
					b.Errorf("counted %d rows", n)
				}
				return err
			})
			if err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("all by counters", func(b *testing.B) {
		for b.Loop() {
			books, err := s.Books(b.Context(), everything)
			if err != nil {
				b.Fatal(err)
			}
			list, err := s.Summaries(b.Context(), everything, books)
			if err != nil {
				b.Fatal(err)
			}
			var n int64
			for _, book := range list {
				n += total(book.Counters)
			}
			if n != int64(rows) {
				b.Errorf("counted %d rows of %d", n, rows)
			}
		}
	})
	for name, query := range map[string]string{
		"one by count(*)": `SELECT count(*) FROM (SELECT state, code, grade, count(*) FROM rowstate WHERE book = '2022/xa-1000' AND rule = 'nd30' GROUP BY 1, 2, 3) x`,
		"all by count(*)": `SELECT count(*) FROM (SELECT book, state, code, grade, count(*) FROM rowstate WHERE rule = 'nd30' GROUP BY 1, 2, 3, 4) x`,
		"plain count(*)":  `SELECT count(*) FROM rowstate`,
	} {
		b.Run(name, func(b *testing.B) {
			for b.Loop() {
				var n int64
				if err := admin.QueryRow(b.Context(), query).Scan(&n); err != nil || n == 0 {
					b.Fatalf("got %d and %v", n, err)
				}
			}
		})
	}
}

// BenchmarkOverview asks for what the overview of a province says: 150 books
// with 1,500 documents each, of which one in fifty has no row and half have
// been read, beside another period of the same size.
func BenchmarkOverview(b *testing.B) {
	s := openTest(b)
	mustMakePartitions(b, s.Store, "2021")
	mustMakePartitions(b, s.Store, "2022")
	const units, documents = 150, 1500
	var books []evidence.BookID
	for n := range units {
		books = append(books, evidence.BookID{Unit: evidence.UnitID(fmt.Sprintf("xa-%d", n)), Period: "2022"})
	}
	for _, period := range []string{"2021", "2022"} {
		each := fmt.Sprintf(`FROM generate_series(0, %d) u, generate_series(1, %d) n`, units-1, documents)
		s.database.Exec(b,
			fmt.Sprintf(`INSERT INTO document (book, key, size, name, entry) SELECT '%s/xa-' || u, encode(sha256((u || ' ' || n)::bytea), 'hex'), n, n || '.pdf', n %s`, period, each),
			fmt.Sprintf(`INSERT INTO "match" (book, key, document, "by", entry) SELECT '%s/xa-' || u, n || '/BC-UBND', encode(sha256((u || ' ' || n)::bytea), 'hex'), 'name', n %s WHERE n %% 50 > 0`, period, each),
			fmt.Sprintf(`INSERT INTO kept_text (book, document, reader, ocr, seq, content) SELECT '%s/xa-' || u, encode(sha256((u || ' ' || n)::bytea), 'hex'), 'r', '', n, '' %s WHERE n %% 2 = 0`, period, each),
			fmt.Sprintf(`INSERT INTO head SELECT '%[1]s/xa-' || u, 'h/%[1]s/xa-' || u, 1, decode(repeat('00', 32), 'hex'), '2022-01-01T00:00:00Z', '' FROM generate_series(0, %[2]d) u`, period, units-1),
			fmt.Sprintf(`INSERT INTO counter SELECT '%[1]s/xa-' || u, '%[1]s', 'nd30', 'PROVEN', '', 'B', 1500 FROM generate_series(0, %[2]d) u`, period, units-1))
	}
	s.database.Exec(b, `VACUUM ANALYZE document`, `VACUUM ANALYZE "match"`, `VACUUM ANALYZE kept_text`, `VACUUM ANALYZE counter`, `VACUUM ANALYZE head`)
	b.Run("summaries=150", func(b *testing.B) {
		for b.Loop() {
			list, err := s.Summaries(b.Context(), everything, books)
			if err != nil || len(list) != units || list[0].Counters[0].Rows != documents {
				b.Fatalf("got %d summaries and %v", len(list), err)
			}
		}
	})
	for _, n := range []int{50, units} {
		b.Run(fmt.Sprintf("backlogs=%d", n), func(b *testing.B) {
			for b.Loop() {
				list, err := s.Backlogs(b.Context(), everything, books[:n])
				if err != nil || len(list) != n || list[0].Unmatched != documents/50 || list[0].Unread != documents/2 {
					b.Fatalf("got %d backlogs and %v", len(list), err)
				}
			}
		})
	}
}
