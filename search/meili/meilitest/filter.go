package meilitest

import "regexp"

// The part of the filter language that the double knows: ATTRIBUTE = "VALUE",
// NOT, AND, OR and parentheses, NOT before AND before OR.

var filterToken = regexp.MustCompile(`^\s*(\(|\)|=|"(?:[^"\\]|\\.)*"|[A-Za-z0-9_-]+)`)

type filterParser struct {
	index *doubleIndex
	rest  string
	next  string
	depth int
	err   *doubleError
}

type condition func(doubleDocument) bool

// maxDepth is the depth of a filter that the server takes; a parenthesis is
// four steps down (OR, AND, NOT, the parenthesis), each NOT one more.
const maxDepth = 200

// filter returns the IDs of the documents that a filter selects.
func (x *doubleIndex) filter(text string) ([]string, *doubleError) {
	p := &filterParser{index: x, rest: text}
	p.advance()
	selected := p.or()
	if p.err == nil && p.next != "" {
		p.fail("unexpected " + p.next)
	}
	if p.err != nil {
		return nil, p.err
	}
	var out []string
	for _, id := range x.ids {
		if id != "" && selected(x.documents[id]) {
			out = append(out, id)
		}
	}
	return out, nil
}

func (p *filterParser) fail(why string) condition {
	if p.err == nil {
		p.err = refuse(400, "invalid_search_filter", "%s before %.80q", why, p.rest)
	}
	p.next, p.rest = "", ""
	return func(doubleDocument) bool { return false }
}

func (p *filterParser) advance() string {
	now := p.next
	m := filterToken.FindStringSubmatchIndex(p.rest)
	if m == nil {
		if p.next = ""; len(p.rest) > 0 && p.rest != " " {
			p.fail("cannot read")
		}
		return now
	}
	p.next, p.rest = p.rest[m[2]:m[3]], p.rest[m[1]:]
	return now
}

func (p *filterParser) or() condition {
	left := p.and()
	for p.next == "OR" {
		p.advance()
		a, b := left, p.and()
		left = func(d doubleDocument) bool { return a(d) || b(d) }
	}
	return left
}

func (p *filterParser) and() condition {
	left := p.not()
	for p.next == "AND" {
		p.advance()
		a, b := left, p.not()
		left = func(d doubleDocument) bool { return a(d) && b(d) }
	}
	return left
}

func (p *filterParser) not() condition {
	if p.next == "NOT" {
		p.advance()
		if p.depth++; p.depth+3 > maxDepth {
			return p.fail("too deep")
		}
		inner := p.not()
		p.depth--
		return func(d doubleDocument) bool { return !inner(d) }
	}
	if p.next != "(" {
		return p.single()
	}
	if p.depth += 4; p.depth+3 > maxDepth {
		return p.fail("too deep")
	}
	p.advance()
	inner := p.or()
	if p.advance() != ")" {
		return p.fail("no closing parenthesis")
	}
	p.depth -= 4
	return inner
}

func (p *filterParser) single() condition {
	name := p.advance()
	if !p.index.filterable[name] {
		return p.fail("attribute `" + name + "` is not filterable")
	}
	if p.advance() != "=" {
		return p.fail("no operator after " + name)
	}
	value := p.advance()
	if len(value) < 2 || value[0] != '"' {
		return p.fail("no value")
	}
	value = Normal(value[1 : len(value)-1])
	return func(d doubleDocument) bool { _, ok := d.values[name][value]; return ok }
}
