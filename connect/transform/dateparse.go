package transform

import (
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
)

// parse reads a time. As Java's lenient parser it takes numbers that are too great (the 13th month is January of the next year), blanks before
// numbers, and whatever follows the last part. The error is Java's.
func (f *dateFormat) parse(text string) (time.Time, error) {
	if letter, ok := f.writesOnly(); ok {
		return time.Time{}, javaErr(parseException, fmt.Sprintf("Reading dates with the letter %c %s", letter, unsupportedText))
	}
	p := dateParser{text: text, format: f}
	for i, part := range f.parts {
		// Numbers that follow each other have as many digits as the pattern has letters.
		contiguous := i+1 < len(f.parts) && f.parts[i+1].isNumber()
		if !p.part(part, contiguous) {
			p.at = 0
			break
		}
	}
	if p.at == 0 {
		return time.Time{}, javaErr(parseException, `Unparseable date: "`+text+`"`)
	}
	t := p.time()
	if p.twoDigits && t.Before(f.century) {
		p.fields['y'] = dateField{p.fields['y'].value + 100, p.fields['y'].stamp}
		t = p.time()
	}
	return t, nil
}

// isNumber reports whether the part is read as a number.
func (p datePart) isNumber() bool {
	switch p.letter {
	case 'M', 'L':
		return p.count <= 2
	case 0, 'G', 'E', 'a', 'z', 'Z', 'X':
		return false
	}
	return true
}

// dateField is a number that was read, and when.
type dateField struct {
	value int
	stamp int // 0: not at all
}

// dateParser is at a place in a text.
type dateParser struct {
	text      string
	at        int
	format    *dateFormat
	stamps    int
	fields    ['z' + 1]dateField // by letter; K stands for h too, H for k, X for Z and z, M for L
	twoDigits bool               // the year is one in which the century begins or ends
}

func (p *dateParser) set(letter byte, value int) bool {
	p.stamps++
	p.fields[letter] = dateField{value, p.stamps}
	return true
}

// part reads what a part of the pattern stands for.
func (p *dateParser) part(part datePart, contiguous bool) bool {
	if part.letter == 0 {
		if !strings.HasPrefix(p.text[p.at:], part.text) {
			return false
		}
		p.at += len(part.text)
		return true
	}
	start := p.at // where names begin; numbers may have blanks before them
	for {
		if p.at >= len(p.text) {
			return false
		}
		if c := p.text[p.at]; c != ' ' && c != '\t' {
			break
		}
		p.at++
	}
	digits := p.text
	if contiguous {
		if start+part.count > len(p.text) {
			digits = ""
		} else {
			digits = p.text[:start+part.count]
		}
	}
	switch part.letter {
	case 'G':
		return p.name('G', start, eraNames)
	case 'E':
		return p.name('E', start, weekdayNames)
	case 'a':
		return p.name('a', start, halfNames)
	case 'z', 'Z':
		return p.zone()
	case 'X':
		return p.isoZone(part.count)
	case 'M', 'L':
		if part.count > 2 {
			return p.name('M', start, monthNames)
		}
	}
	return p.number(part, digits)
}

// number reads a number within the given beginning of the text.
func (p *dateParser) number(part datePart, text string) bool {
	begin := p.at
	end := begin
	if end < len(text) && text[end] == '-' {
		end++
	}
	first := end
	for end < len(text) && text[end] >= '0' && text[end] <= '9' {
		end++
	}
	if end == first {
		return false
	}
	value := math.MaxInt32
	if n, err := strconv.ParseInt(text[begin:end], 10, 64); err == nil {
		value = int(int32(n))
	} else if text[begin] == '-' {
		value = math.MinInt32
	}
	p.at = end
	switch part.letter {
	case 'y':
		if part.count <= 2 && end-begin == 2 && first == begin {
			start := p.format.century.Year()
			p.twoDigits = value == start%100
			if value < start%100 {
				value += 100
			}
			value += start / 100 * 100
		}
		return p.set('y', value)
	case 'M', 'L':
		return p.set('M', value)
	case 'k':
		if value == 24 {
			value = 0
		}
		return p.set('H', value)
	case 'h':
		if value == 12 {
			value = 0
		}
		return p.set('K', value)
	}
	return p.set(part.letter, value)
}

// dateName is a name with its number.
type dateName struct {
	text  string
	value int
}

var (
	eraNames     = []dateName{{"BC", 0}, {"AD", 1}}
	halfNames    = []dateName{{"AM", 0}, {"PM", 1}}
	monthNames   = namesOf(12, func(i int) (string, int) { return time.Month(i + 1).String(), i + 1 })
	weekdayNames = namesOf(7, func(i int) (string, int) { return time.Weekday(i).String(), i })
)

// namesOf returns names and their first three letters.
func namesOf(n int, name func(i int) (string, int)) []dateName {
	var names []dateName
	for i := range n {
		full, value := name(i)
		names = append(names, dateName{full, value}, dateName{full[:3], value})
	}
	return names
}

// name reads the longest of some names, in upper or lower case.
func (p *dateParser) name(letter byte, start int, names []dateName) bool {
	best := dateName{}
	for _, n := range names {
		if end := start + len(n.text); len(n.text) > len(best.text) && end <= len(p.text) && strings.EqualFold(p.text[start:end], n.text) {
			best = n
		}
	}
	if best.text == "" {
		return false
	}
	p.at = start + len(best.text)
	return p.set(letter, best.value)
}

// zoneNames are the names of zones that are read, with their minutes east of Greenwich. Java knows more.
var zoneNames = []dateName{
	{utcName, 0}, {"UTC", 0}, {"GMT", 0}, {"Greenwich Mean Time", 0},
	{"EST", -300}, {"EDT", -240}, {"CST", -360}, {"CDT", -300}, {"MST", -420}, {"MDT", -360}, {"PST", -480}, {"PDT", -420},
}

// zone reads the name of a zone, GMT+hh:mm or +hhmm.
func (p *dateParser) zone() bool {
	rest := p.text[p.at:]
	switch {
	case rest[0] == '+' || rest[0] == '-':
		p.at++
		return p.offset(rest[0], 0, false)
	case len(rest) > 3 && strings.EqualFold(rest[:3], "GMT") && (rest[3] == '+' || rest[3] == '-'):
		p.at += 4
		return p.offset(rest[3], 0, true)
	}
	return p.name('X', p.at, zoneNames)
}

// isoZone reads Z, +hh, +hhmm or +hh:mm, by the number of letters.
func (p *dateParser) isoZone(count int) bool {
	switch c := p.text[p.at]; c {
	case 'Z':
		p.at++
		return p.set('X', 0)
	case '+', '-':
		p.at++
		return p.offset(c, count, count == 3)
	}
	return false
}

// offset reads hours and minutes. A count of 1 has no minutes, one of 0 may have a single digit for the hours if a colon follows.
func (p *dateParser) offset(sign byte, count int, colon bool) bool {
	digit := func() (int, bool) {
		if p.at < len(p.text) && p.text[p.at] >= '0' && p.text[p.at] <= '9' {
			p.at++
			return int(p.text[p.at-1] - '0'), true
		}
		return 0, false
	}
	hours, ok := digit()
	if !ok || p.at >= len(p.text) {
		return false
	}
	if d, ok := digit(); ok {
		hours = hours*10 + d
	} else if count > 0 || !colon {
		return false
	}
	if hours > 23 {
		return false
	}
	minutes := 0
	if count != 1 {
		if colon {
			if p.at >= len(p.text) || p.text[p.at] != ':' {
				return false
			}
			p.at++
		}
		tens, ok := digit()
		ones, more := digit()
		if minutes = tens*10 + ones; !ok || !more || minutes > 59 {
			return false
		}
	}
	minutes += hours * 60
	if sign == '-' {
		minutes = -minutes
	}
	return p.set('X', minutes)
}

// time returns what the fields make up. Of fields that contradict each other the one that was read last counts; a day of the week counts
// only if there is no day.
//
// Kafka: java.util.GregorianCalendar.selectFields.
func (p *dateParser) time() time.Time {
	value := func(letter byte, missing int) int {
		if f := p.fields[letter]; f.stamp > 0 {
			return f.value
		}
		return missing
	}
	stamp := func(letter byte) int { return p.fields[letter].stamp }

	year := value('y', 1970)
	if stamp('G') > 0 && value('G', 1) == 0 {
		year = 1 - year
	}
	month, day := time.Month(value('M', 1)), value('d', 1)
	switch {
	case stamp('D') > stamp('d'):
		month, day = 1, value('D', 1)
	case stamp('d') == 0 && stamp('E') > 0:
		first := time.Date(year, month, 1, 0, 0, 0, 0, time.UTC)
		day = 1 + (value('E', 0)-int(first.Weekday())+7)%7
	}
	hour := value('H', 0)
	half := 0 // the stamp of an hour with its half of the day
	if stamp('K') > 0 && stamp('a') > 0 {
		half = max(stamp('K'), stamp('a'))
	}
	if half > stamp('H') || half == 0 && stamp('H') == 0 {
		hour = value('K', 0) + 12*value('a', 0)
	}
	ms := time.Date(year, month, day, 0, 0, 0, 0, time.UTC).UnixMilli()
	ms += int64(hour)*3_600_000 + int64(value('m', 0)-value('X', 0))*60_000 + int64(value('s', 0))*1000 + int64(value('S', 0))
	return time.UnixMilli(ms).UTC()
}
