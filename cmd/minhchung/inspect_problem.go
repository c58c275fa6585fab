package main

import (
	"strings"

	"minhchung/cmd/minhchung/message"
)

// problems ties the sentences that readers and workers write into Facts, which
// are English and kept with the evidence, to the catalogue. A sentence is
// found by its beginning.
var problems = []struct{ begins, key string }{
	{"the file is empty", "inspect.problem-empty"},
	{"the file has ", "inspect.problem-size"},
	{"a web page", "inspect.problem-html"},
	{"a JPEG picture", "inspect.problem-picture"},
	{"a PNG picture", "inspect.problem-picture"},
	{"a TIFF picture", "inspect.problem-picture"},
	{"a ZIP archive", "inspect.problem-zip"},
	{"not a document of a known format", "inspect.problem-format"},
	{"a CMS signature file", "inspect.problem-later-cms"},
	{"an XML file", "inspect.problem-later-xml"},
	{"an Office file", "inspect.problem-later-office"},
	{"an ASiC container", "inspect.problem-later-asic"},
	{"reading the file took", "inspect.problem-time"},
	{"reading the file needed", "inspect.problem-memory"},
	{"the file is nested too deeply", "inspect.problem-depth"},
	{"the reader stopped", "inspect.problem-died"},
	{"the reader's answer", "inspect.problem-died"},
}

// problemText puts a problem into the reader's language. What the catalogue
// does not know is shown as it is: better in English than not at all.
func problemText(lang message.Lang, problem string) string {
	if lang == message.English {
		return problem
	}
	for _, p := range problems {
		if strings.HasPrefix(problem, p.begins) {
			return lang.Text(p.key)
		}
	}
	return problem
}
