package exposition

import (
	"io"
	"math"
	"slices"
	"strconv"
	"strings"
)

// Page is a page of metrics in Prometheus' text format 0.0.4 that is being made. Families may be added to in any order; each comes out in one
// piece, in the order in which the first of it came. A page belongs to one goroutine.
type Page struct {
	families map[string]*Family
	order    []*Family
}

// Family is all lines of one name.
type Family struct {
	name, kind, help string
	lines            []byte
}

// NewPage returns an empty page.
func NewPage() *Page { return &Page{families: map[string]*Family{}} }

// Reset makes the page empty, and keeps the memory of the families that it had.
func (p *Page) Reset() {
	p.order = slices.DeleteFunc(p.order, func(f *Family) bool {
		if len(f.lines) == 0 {
			delete(p.families, f.name)
			return true
		}
		f.lines = f.lines[:0]
		return false
	})
}

// Family returns the family of a name. What it is was said by whoever asked first for this page.
func (p *Page) Family(name, kind, help string) *Family {
	f := p.families[name]
	switch {
	case f == nil:
		f = &Family{name: name, kind: kind, help: help}
		p.families[name] = f
		p.order = append(p.order, f)
	case len(f.lines) == 0:
		f.kind, f.help = kind, help
	}
	return f
}

// Kind is what the family was said to be: "counter", "gauge" or "histogram".
func (f *Family) Kind() string { return f.kind }

// Add adds a line. labels is what [Labels] has made; suffix is for the parts of a histogram.
func (f *Family) Add(suffix, labels string, value float64) {
	f.lines = append(f.lines, f.name...)
	f.lines = append(f.lines, suffix...)
	f.lines = append(f.lines, labels...)
	f.lines = append(f.lines, ' ')
	f.lines = AppendValue(f.lines, value)
	f.lines = append(f.lines, '\n')
}

// AppendValue appends a number as it stands on a page.
func AppendValue(b []byte, v float64) []byte {
	switch whole := math.Trunc(v); {
	case whole == v && math.Abs(v) < 1<<53:
		return strconv.AppendInt(b, int64(v), 10)
	case math.IsInf(v, 1):
		return append(b, "+Inf"...)
	default:
		return strconv.AppendFloat(b, v, 'g', -1, 64) // also NaN and -Inf
	}
}

// Write writes the families that have lines.
func (p *Page) Write(w io.Writer) error {
	var head []byte
	for _, f := range p.order {
		if len(f.lines) == 0 {
			continue
		}
		head = append(head[:0], "# HELP "...)
		head = append(head, f.name...)
		head = append(head, ' ')
		head = append(head, helpEscaper.Replace(f.help)...)
		head = append(head, "\n# TYPE "...)
		head = append(head, f.name...)
		head = append(head, ' ')
		head = append(head, f.kind...)
		head = append(head, '\n')
		if _, err := w.Write(head); err != nil {
			return err
		}
		if _, err := w.Write(f.lines); err != nil {
			return err
		}
	}
	return nil
}

var (
	helpEscaper  = strings.NewReplacer(`\`, `\\`, "\n", `\n`)
	labelEscaper = strings.NewReplacer(`\`, `\\`, "\n", `\n`, `"`, `\"`)
)

// Labels makes the labels of a line out of names and values in turn, "" of none.
func Labels(pairs ...string) string {
	if len(pairs) == 0 {
		return ""
	}
	var b strings.Builder
	for i := 0; i < len(pairs); i += 2 {
		b.WriteByte("{,"[min(i, 1)])
		b.WriteString(pairs[i])
		b.WriteString(`="`)
		_, _ = labelEscaper.WriteString(&b, strings.ToValidUTF8(pairs[i+1], "\uFFFD"))
		b.WriteByte('"')
	}
	b.WriteByte('}')
	return b.String()
}

// With adds labels to what Labels has made.
func With(made string, pairs ...string) string {
	more := Labels(pairs...)
	if made == "" || more == "" {
		return made + more
	}
	return made[:len(made)-1] + "," + more[1:]
}
