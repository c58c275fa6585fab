package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"
)

// axeSource is axe-core (npm package axe-core): MINHCHUNG_AXE names the file
// axe.min.js. It is a tool of tests and no part of the program.
func axeSource(t *testing.T) string {
	t.Helper()
	path := os.Getenv("MINHCHUNG_AXE")
	if path == "" {
		t.Skip("MINHCHUNG_AXE does not name axe.min.js: accessibility is not measured")
	}
	source, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return string(source)
}

type axeViolation struct {
	ID, Impact, Help string
	Nodes            []struct{ HTML string }
}

// measure runs axe-core on the page in the browser.
func measure(t *testing.T, ctx context.Context, axe, what string) []axeViolation {
	t.Helper()
	// The answer is a text: it says how many rules were looked at as well.
	answer, err := chromedp.Run(ctx, chromedp.Evaluate[string](axe+`;axe.run(document).then(r => JSON.stringify({passes: r.passes.length, violations: r.violations}))`, chromedp.EvalAwaitPromise))
	if err != nil {
		t.Fatalf("%s: measuring accessibility: %v", what, err)
	}
	var got struct {
		Passes     int
		Violations []axeViolation
	}
	if err := json.Unmarshal([]byte(answer), &got); err != nil || got.Passes < 10 {
		t.Errorf("%s: axe looked at %d rules, %v; want at least 10", what, got.Passes, err)
	}
	return got.Violations
}

// accessible reports every rule of axe-core that the page violates: none is
// let through, of whatever impact.
func accessible(t *testing.T, ctx context.Context, axe, what string) {
	t.Helper()
	for _, v := range measure(t, ctx, axe, what) {
		first := ""
		if len(v.Nodes) > 0 {
			first = v.Nodes[0].HTML
		}
		t.Errorf("%s: %s (%s): %s, %d times, first %.200s", what, v.ID, v.Impact, v.Help, len(v.Nodes), first)
	}
}

// TestBrowserAccessible measures every kind of page, wide and narrow, in both
// languages, with all its drawers open.
func TestBrowserAccessible(t *testing.T) {
	axe := axeSource(t)
	ctx := openBrowser(t)
	data, d := emptyOffice(t)
	s := serveData(t, data)
	path := fmt.Sprintf("units/%s/%s/", d.Unit.ID, d.Period)
	book := s.address + path
	step(t, ctx, "opening the register", chromedp.EmulateViewport(1280, 900), chromedp.Navigate(book+"register"), chromedp.WaitVisible(css("#file")))
	step(t, ctx, "uploading", chromedp.SetUploadFiles(css("#file"), allFiles(t, d)), chromedp.Click(css("form.upload button")), chromedp.WaitVisible(css("section.verdict")))
	accessible(t, ctx, axe, "uploaded")
	find(t, ctx, s, "van ban dien tu", "mark")
	s.hang(path, "biên bản.txt", []byte("Biên bản đối thoại")).Body.Close()
	pages := []string{
		s.address, book + "register", book + "indicators/7.1.3?diff=any", book + "criteria?criterion=1.6", s.address + "search",
		s.address + "search?q=van+ban+dien+tu", s.address + "search?q=van+ban+dien+tu&state=PROVEN", s.address + "search?q=-", s.address + "nothing",
		s.address + s.documentOf(path, "page-content"), s.address + s.documentOf(path, "scan"),
	}
	for i, address := range pages {
		lang := []string{"vi", "en"}[i%2]
		separator := "?"
		if strings.Contains(address, "?") {
			separator = "&"
		}
		for _, width := range []int64{1280, 390} {
			step(t, ctx, address, chromedp.EmulateViewport(width, 900), chromedp.Navigate(address+separator+"lang="+lang), chromedp.WaitVisible(css("h1")))
			if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelectorAll("details").forEach(d => d.open = true); true`)); err != nil {
				t.Fatal(err)
			}
			accessible(t, ctx, axe, fmt.Sprintf("%s in %s at %d", strings.TrimPrefix(address, s.address), lang, width))
		}
	}
	// The measure itself: a picture without words is found.
	if _, err := chromedp.Run(ctx, chromedp.Evaluate[bool](`document.querySelector("main").append(document.createElement("img")); true`)); err != nil {
		t.Fatal(err)
	}
	if !slices.ContainsFunc(measure(t, ctx, axe, "control"), func(v axeViolation) bool { return v.ID == "image-alt" }) {
		t.Error("a picture without words was not found: nothing was measured")
	}
}
