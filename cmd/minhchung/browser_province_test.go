package main

import (
	"context"
	"fmt"
	"io"
	"path/filepath"
	"sync"
	"testing"

	"github.com/chromedp/chromedp"

	"minhchung/cmd/minhchung/message"
	"minhchung/evidence"
	"minhchung/evidence/storetest"
)

// province has the books of 150 units and two periods. There are no files
// behind their documents, so that nothing is read.
var province = sync.OnceValues(func() (string, error) {
	data := filepath.Join(fixtures, "province")
	e := &env{Stdout: io.Discard, Stderr: io.Discard, Lang: message.Vietnamese, Data: data}
	return data, withStore(context.Background(), e, func(ctx context.Context, s *session) error {
		for period, rows := range map[evidence.Period]int{"2021": 4, "2022": 20} {
			if err := storetest.Province(ctx, s.Store, period, 150, rows); err != nil {
				return err
			}
		}
		return nil
	})
})

// serveProvince serves a copy of the province.
func serveProvince(t *testing.T) *served {
	t.Helper()
	from, err := province()
	if err != nil {
		t.Fatal(err)
	}
	data := filepath.Join(t.TempDir(), "data")
	if err := copyFolder(from, data); err != nil {
		t.Fatal(err)
	}
	compileReaders(t)
	return serveData(t, data)
}

// TestBrowserProvince is an appraiser's way: the sum of all units, the units
// with most to do first, the next page, the year before, and down to one unit.
func TestBrowserProvince(t *testing.T) {
	ctx := openBrowser(t)
	s := serveProvince(t)
	for _, width := range []int64{390, 1280} {
		step(t, ctx, "opening the overview", chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.address), chromedp.WaitVisible(css("table.units")))
		got, err := chromedp.Run(ctx, chromedp.Evaluate[int64]("document.documentElement.scrollWidth"))
		if err != nil || got > width {
			t.Errorf("the table at %d: got %d pixels wide, %v", width, got, err)
		}
		shoot(t, ctx, "province", width)
	}
	wantText(t, ctx, "#sum", "Tổng của 150 đơn vị")
	step(t, ctx, "sorting by the keyboard", chromedp.Focus(css(`thead a[href*="sort=-open"]`)), chromedp.KeyEvent("\r"), chromedp.WaitVisible(css(`th[aria-sort="descending"]`)))
	wantText(t, ctx, `th[aria-sort="descending"]`, "Chưa được chứng minh")
	step(t, ctx, "the next page", chromedp.Click(css(`.pages a[rel="next"]`)), chromedp.WaitVisible(css(`.pages a[rel="prev"]`)))
	wantText(t, ctx, "table.units caption", "51 đến 100 trong 150")
	wantText(t, ctx, `th[aria-sort="descending"]`, "Chưa được chứng minh")
	step(t, ctx, "the year before", chromedp.Click(css(`.periods a:not([aria-current])`)), chromedp.WaitVisible(css(`.periods a[aria-current][href*="2021"]`)))
	wantText(t, ctx, "table.units caption", "1 đến 50 trong 150")
	wantText(t, ctx, `th[aria-sort="descending"]`, "Chưa được chứng minh")
	unit := textOf(t, ctx, "table.units tbody th a")
	share := textOf(t, ctx, "table.units tbody td a")
	step(t, ctx, "down to a unit", chromedp.Click(css("table.units tbody td a")), chromedp.WaitVisible(css("#counted")))
	wantText(t, ctx, "h1", unit)
	wantText(t, ctx, ".share", share)
}

// TestBrowserAccessibleProvince measures the table of units.
func TestBrowserAccessibleProvince(t *testing.T) {
	axe := axeSource(t)
	ctx := openBrowser(t)
	s := serveProvince(t)
	for _, path := range []string{"?lang=vi", "?lang=en&sort=-files&page=2"} {
		for _, width := range []int64{1280, 390} {
			step(t, ctx, path, chromedp.EmulateViewport(width, 900), chromedp.Navigate(s.address+path), chromedp.WaitVisible(css("table.units")))
			accessible(t, ctx, axe, fmt.Sprintf("/%s at %d", path, width))
		}
	}
}
