package dynamodb

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
)

// plan says what becomes of the members of an object beside being copied: some are left out, renamed, or given another type. Readers walk down
// the plan while they walk down the value. A list has the plan of its members, so that "orders.price" means the price of each order.
// A nil plan changes nothing.
type plan struct {
	members map[string]*plan
	only    bool // members that the plan does not name are left out

	drop bool       // leave this member out
	name string     // what it is called instead; "": as it is
	to   conversion // the type that it is given
}

// dropped is the plan of a member that is left out.
var dropped = &plan{drop: true}

// member returns the plan of the member with the name, nil if there is none.
func (p *plan) member(name []byte) *plan {
	if p == nil {
		return nil
	}
	if m, ok := p.members[string(name)]; ok {
		return m
	}
	if p.only {
		return dropped
	}
	return nil
}

// at returns the plan at a path, which it makes if need be.
func (p *plan) at(path []string) *plan {
	for _, name := range path {
		m := p.members[name]
		if m == nil {
			m = &plan{}
			if p.members == nil {
				p.members = make(map[string]*plan)
			}
			p.members[name] = m
		}
		p = m
	}
	return p
}

// include leaves out everything but the paths.
func (p *plan) include(paths [][]string) {
	for _, path := range paths {
		for i := range path {
			p.at(path[:i]).only = true
		}
		p.at(path)
	}
	for _, path := range paths { // a path that is included as a whole, and another one within it
		p.at(path).only = false
	}
}

// keeping returns the plan with the given members, which are there whatever it includes.
func (p *plan) keeping(names []string) *plan {
	if p == nil || !p.only {
		return p
	}
	q := *p
	q.members = make(map[string]*plan, len(p.members)+len(names))
	for name, m := range p.members {
		q.members[name] = m
	}
	for _, name := range names {
		if q.members[name] == nil {
			q.members[name] = &plan{}
		}
	}
	return &q
}

// check looks for members of what has none.
func (p *plan) check(path []string) error {
	if p == nil {
		return nil
	}
	switch {
	case len(p.members) == 0:
	case p.drop:
		return fmt.Errorf("%s is left out, so that nothing can be said about what is in it", joinPath(path))
	case p.to.kind != absent:
		return fmt.Errorf("%s has type %s, so that nothing can be said about what is in it", joinPath(path), p.to.kind)
	}
	if p.drop && (p.name != "" || p.to.kind != absent) {
		return fmt.Errorf("%s is left out, so that it can have neither another name nor another type", joinPath(path))
	}
	for _, name := range slices.Sorted(maps.Keys(p.members)) {
		if err := p.members[name].check(append(path[:len(path):len(path)], name)); err != nil {
			return err
		}
	}
	return nil
}

// conversion is a type that a member is given whatever type it comes in.
type conversion struct {
	kind   kind // absent: none
	base64 bool // for B and BS: the text is base64, else it is stored as its UTF-8 bytes
}

func (c conversion) isSet() bool { return c.kind >= kindSS }

// conversions are the types that may be asked for.
var conversions = map[string]conversion{
	"S": {kind: kindS}, "N": {kind: kindN}, "B": {kind: kindB, base64: true}, "B(base64)": {kind: kindB, base64: true}, "B(utf8)": {kind: kindB},
	"SS": {kind: kindSS}, "NS": {kind: kindNS}, "BS": {kind: kindBS, base64: true}, "BS(base64)": {kind: kindBS, base64: true}, "BS(utf8)": {kind: kindBS},
}

// typedPath is one of the entries of type.overrides.
type typedPath struct {
	path []string
	to   conversion
}

// parseOverrides reads a list such as "tags:SS, order.blob:B(base64)".
func parseOverrides(text string) ([]typedPath, error) {
	var out []typedPath
	for _, entry := range splitList(text) {
		i := strings.LastIndexByte(entry, ':')
		if i < 0 {
			return nil, fmt.Errorf("%q must be a path and a type, such as tags:SS", entry)
		}
		to, ok := conversions[strings.TrimSpace(entry[i+1:])]
		if !ok {
			return nil, fmt.Errorf("%q must have one of the types S, N, B, B(base64), B(utf8), SS, NS, BS, BS(base64), BS(utf8)", entry)
		}
		path, err := parsePath(strings.TrimSpace(entry[:i]))
		if err != nil {
			return nil, err
		}
		out = append(out, typedPath{path, to})
	}
	return out, nil
}

// renaming is one of the entries of fields.rename.
type renaming struct {
	path []string
	name string
}

// parseRenamings reads a list such as "id:pk, order.no:number".
func parseRenamings(text string) ([]renaming, error) {
	var out []renaming
	for _, entry := range splitList(text) {
		i := strings.LastIndexByte(entry, ':')
		if i < 0 || strings.TrimSpace(entry[i+1:]) == "" {
			return nil, fmt.Errorf("%q must be a path and a new name, such as id:pk", entry)
		}
		path, err := parsePath(strings.TrimSpace(entry[:i]))
		if err != nil {
			return nil, err
		}
		out = append(out, renaming{path, strings.TrimSpace(entry[i+1:])})
	}
	return out, nil
}

// parsePaths reads a list such as "id, order.no".
func parsePaths(text string) ([][]string, error) {
	var out [][]string
	for _, entry := range splitList(text) {
		path, err := parsePath(entry)
		if err != nil {
			return nil, err
		}
		out = append(out, path)
	}
	return out, nil
}

// splitList separates entries by commas, without the blanks around them. An empty text has no entries.
func splitList(text string) []string {
	var out []string
	for entry := range strings.SplitSeq(text, ",") {
		if entry = strings.TrimSpace(entry); entry != "" {
			out = append(out, entry)
		}
	}
	return out
}

var errEmptyPath = errors.New("a path must have a name between its dots")

// parsePath reads a path of names with dots between them. A dot or backslash that belongs to a name has a backslash before it.
func parsePath(text string) ([]string, error) {
	var path []string
	var name strings.Builder
	for i := 0; i < len(text); i++ {
		switch {
		case text[i] == '\\' && i+1 < len(text):
			i++
			name.WriteByte(text[i])
		case text[i] == '.':
			path = append(path, name.String())
			name.Reset()
		default:
			name.WriteByte(text[i])
		}
	}
	path = append(path, name.String())
	if slices.Contains(path, "") {
		return nil, errEmptyPath
	}
	return path, nil
}

// joinPath writes a path as parsePath reads it.
func joinPath(path []string) string {
	names := make([]string, len(path))
	for i, name := range path {
		names[i] = pathEscaper.Replace(name)
	}
	return strings.Join(names, ".")
}

var pathEscaper = strings.NewReplacer(`\`, `\\`, `.`, `\.`)
