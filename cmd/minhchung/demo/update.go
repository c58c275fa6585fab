package demo

import (
	"bytes"
	"fmt"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf16"
)

// update is an incremental update in the making (ISO 32000-2 7.5.6). It
// reads only files that this package wrote: classic cross-reference tables,
// objects that start on lines of their own, trailers with Size and Root.
type update struct {
	base    []byte
	buf     bytes.Buffer
	size    int // number of the next new object
	root    int
	prev    int
	offsets []placed
}

type placed struct{ num, offset int }

var (
	startXref   = regexp.MustCompile(`startxref\s+(\d+)`)
	sizeKey     = regexp.MustCompile(`/Size (\d+)`)
	rootKey     = regexp.MustCompile(`/Root (\d+) 0 R`)
	kidsKey     = regexp.MustCompile(`/Kids \[([^\]]*)\]`)
	countKey    = regexp.MustCompile(`/Count (\d+)`)
	contentsKey = regexp.MustCompile(`/Contents\s+(\d+) 0 R`)
	pagesKey    = regexp.MustCompile(`/Pages (\d+) 0 R`)
	fontKey     = regexp.MustCompile(`/F1 (\d+) 0 R`)
	fieldsKey   = regexp.MustCompile(`/Fields \[([^\]]*)\]`)
	annotsKey   = regexp.MustCompile(`/Annots \[([^\]]*)\]`)
	reference   = regexp.MustCompile(`(\d+) 0 R`)
)

func newUpdate(base []byte) (*update, error) {
	u := &update{base: base}
	var err error
	for _, want := range []struct {
		re  *regexp.Regexp
		out *int
	}{{startXref, &u.prev}, {sizeKey, &u.size}, {rootKey, &u.root}} {
		if *want.out, err = lastNumber(want.re, base); err != nil {
			return nil, err
		}
	}
	// Always on a line of its own, whatever the base ends with.
	u.buf.WriteByte('\n')
	return u, nil
}

// lastNumber reads the newest trailer, which stands in the file's last bytes.
func lastNumber(re *regexp.Regexp, file []byte) (int, error) {
	all := re.FindAllSubmatch(file[max(0, len(file)-1024):], -1)
	if len(all) == 0 {
		return 0, fmt.Errorf("no %s in a trailer of our own", re)
	}
	return strconv.Atoi(string(all[len(all)-1][1]))
}

// add writes a new object and returns its number.
func (u *update) add(body string) int {
	num := u.size
	u.size++
	u.replace(num, body)
	return num
}

// replace writes a newer version of an object.
func (u *update) replace(num int, body string) {
	u.offsets = append(u.offsets, placed{num, len(u.base) + u.buf.Len()})
	fmt.Fprintf(&u.buf, "%d 0 obj\n%s\nendobj\n", num, body)
}

// offset is where the next byte will stand in the file.
func (u *update) offset() int { return len(u.base) + u.buf.Len() }

// bytes closes the update and returns the whole file.
func (u *update) bytes() []byte {
	at := u.offset()
	u.buf.WriteString("xref\n")
	for _, p := range u.offsets {
		fmt.Fprintf(&u.buf, "%d 1\n%010d 00000 n \n", p.num, p.offset)
	}
	fmt.Fprintf(&u.buf, "trailer\n<<\n/Size %d\n/Root %d 0 R\n/Prev %d\n>>\nstartxref\n%d\n%%%%EOF\n", u.size, u.root, u.prev, at)
	return append(bytes.Clone(u.base), u.buf.Bytes()...)
}

// object returns the newest version of an object of file, without its first
// and last line.
func object(file []byte, num int) (string, error) {
	head := fmt.Appendf(nil, "\n%d 0 obj\n", num)
	i := bytes.LastIndex(file, head)
	if i < 0 {
		return "", fmt.Errorf("no object %d in a file of our own", num)
	}
	body, _, ok := bytes.Cut(file[i+len(head):], []byte("endobj"))
	if !ok {
		return "", fmt.Errorf("object %d of a file of our own has no end", num)
	}
	return strings.TrimSpace(string(body)), nil
}

// number returns what re finds in the object.
func number(file []byte, num int, re *regexp.Regexp) (int, error) {
	body, err := object(file, num)
	if err != nil {
		return 0, err
	}
	m := re.FindStringSubmatch(body)
	if m == nil {
		return 0, fmt.Errorf("no %s in object %d of a file of our own", re, num)
	}
	return strconv.Atoi(m[1])
}

// firstPage returns the numbers of the page tree's root and of page one.
func (u *update) firstPage() (pages, page int, err error) {
	if pages, err = number(u.base, u.root, pagesKey); err != nil {
		return 0, 0, err
	}
	body, err := object(u.base, pages)
	if err != nil {
		return 0, 0, err
	}
	kids := kidsKey.FindStringSubmatch(body)
	if kids == nil {
		return 0, 0, fmt.Errorf("no kids in object %d of a file of our own", pages)
	}
	m := reference.FindStringSubmatch(kids[1])
	if m == nil {
		return 0, 0, fmt.Errorf("no page in object %d of a file of our own", pages)
	}
	page, err = strconv.Atoi(m[1])
	return pages, page, err
}

// pageUpdate is an update of a file's first page.
type pageUpdate struct {
	*update
	pages, page int    // object numbers of the page tree and the page
	body        string // the page's dictionary as it is
}

func openPage(file []byte) (p pageUpdate, err error) {
	if p.update, err = newUpdate(file); err != nil {
		return p, err
	}
	if p.pages, p.page, err = p.firstPage(); err != nil {
		return p, err
	}
	p.body, err = object(file, p.page)
	return p, err
}

// pageFont finds the object of /F1 in the page's resources: an object of
// their own as gopdf writes them, or part of the page, which is what pdfsign
// makes of them when it puts a widget there.
func pageFont(file []byte, page string) (int, error) {
	_, after, _ := strings.Cut(page, "/Resources")
	if m := fontKey.FindStringSubmatch(after); m != nil {
		return strconv.Atoi(m[1])
	}
	m := reference.FindStringSubmatch(after)
	if m == nil {
		return 0, fmt.Errorf("a page of our own names no resources")
	}
	resources, err := strconv.Atoi(m[1])
	if err != nil {
		return 0, err
	}
	return number(file, resources, fontKey)
}

// stream returns a stream object.
func stream(dict, data string) string {
	return fmt.Sprintf("<<%s /Length %d >>\nstream\n%s\nendstream", dict, len(data), data)
}

// textString is a PDF text string in UTF-16 (ISO 32000-2 7.9.2.2).
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, u := range utf16.Encode([]rune(s)) {
		fmt.Fprintf(&b, "%04X", u)
	}
	return b.String() + ">"
}

// withKey adds an entry to a dictionary that lacks it.
func withKey(dict, entry string) string {
	return strings.TrimSuffix(dict, ">>") + "  " + entry + "\n>>"
}

// withAnnotations adds references to a page's annotations.
func withAnnotations(page, refs string) string {
	if annotsKey.MatchString(page) {
		return annotsKey.ReplaceAllString(page, "/Annots [${1} "+refs+"]")
	}
	return withKey(page, "/Annots ["+refs+"]")
}
