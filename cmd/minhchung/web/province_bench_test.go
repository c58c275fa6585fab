package web

import (
	"net/http"
	"net/http/httptest"
	"os"
	"strconv"
	"testing"

	"minhchung/evidence/storetest"
)

// provinceUnits and provinceRows are the province of BenchmarkOverview;
// MC_BENCH_UNITS asks for another number of units.
const (
	provinceUnits = 150
	provinceRows  = 1500
)

// BenchmarkOverview is GET / of a province on SQLite.
func BenchmarkOverview(b *testing.B) {
	units := provinceUnits
	if asked, err := strconv.Atoi(os.Getenv("MC_BENCH_UNITS")); err == nil {
		units = asked
	}
	w := newEmptyWorld(b)
	if err := storetest.Province(b.Context(), w.session.Store, "2022", units, provinceRows); err != nil {
		b.Fatal(err)
	}
	for _, path := range []string{"/", "/?sort=-files"} {
		b.Run(path, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if out := w.do(httptest.NewRequest(http.MethodGet, path, nil)); out.Code != http.StatusOK {
					b.Fatalf("got %d: %s", out.Code, out.Body)
				}
			}
		})
	}
}
