package web

import (
	"maps"
	"slices"
	"strconv"

	"minhchung/cmd/minhchung/message"
	"minhchung/cmd/minhchung/report"
	"minhchung/evidence/signature"
)

// changedPage is what was changed on one page after some signature.
type changedPage struct {
	Page    int    // 0: the file as a whole
	Link    string // to its picture
	Changes []changePart
}

type changePart struct{ Text, Class string }

// changedPages lists what any signature's change list says, each change once,
// by page.
func changedPages(lang message.Lang, v signature.Verdict, document string) (pages []changedPage, more int) {
	byPage := map[int]*changedPage{}
	seen := map[signature.Change]bool{}
	for _, s := range v.Signatures {
		for _, c := range s.ChangeList {
			if seen[c] {
				continue
			}
			if seen[c] = true; len(seen) > mostChanges {
				more++
				continue
			}
			p := byPage[c.Page]
			if p == nil {
				p = &changedPage{Page: c.Page}
				if c.Page > 0 {
					p.Link = document + "&page=" + strconv.Itoa(c.Page) + "#preview"
				}
				byPage[c.Page] = p
			}
			said := changePart{report.Change(lang, c), string(c.Class)}
			if !slices.Contains(p.Changes, said) {
				p.Changes = append(p.Changes, said)
			}
		}
	}
	for _, number := range slices.Sorted(maps.Keys(byPage)) {
		pages = append(pages, *byPage[number])
	}
	return pages, more
}
