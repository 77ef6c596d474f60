package transform

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"
)

// dateFormat writes and reads times by a pattern of letters, in English and UTC: yyyy-MM-dd'T'HH:mm:ss.SSSXXX.
//
// Differs: before 1582 the calendar is Gregorian, where Java's is Julian. A pattern with Y, w, W, F or u writes but does not read.
//
// Kafka: java.text.SimpleDateFormat.
type dateFormat struct {
	pattern string
	parts   []datePart
	// century is the start of the hundred years in which a year of two digits lies: Java goes back 80 years from when the format is made.
	century time.Time
}

// datePart is a letter with how often it stands in a row, or a text that means itself.
type datePart struct {
	letter byte // 0 for a text
	count  int
	text   string
}

const dateLetters = "GyMdkHmsSEDFwWahKzZYuXL"

// newDateFormat reads a pattern. The error is Java's.
func newDateFormat(pattern string) (*dateFormat, error) {
	illegal := func(text string) (*dateFormat, error) { return nil, javaErr(illegalArgument, text) }
	f := &dateFormat{pattern: pattern, century: time.Now().UTC().AddDate(-80, 0, 0)}
	var literal strings.Builder
	flush := func() {
		if literal.Len() > 0 {
			f.parts = append(f.parts, datePart{text: literal.String()})
			literal.Reset()
		}
	}
	quoted := false
	for i := 0; i < len(pattern); i++ {
		c := pattern[i]
		switch {
		case c == '\'' && strings.HasPrefix(pattern[i+1:], "'"):
			literal.WriteByte('\'')
			i++
		case c == '\'':
			quoted = !quoted
		case quoted || !isLetter(c):
			literal.WriteByte(c)
		case strings.IndexByte(dateLetters, c) < 0:
			return illegal(fmt.Sprintf("Illegal pattern character '%c'", c))
		default:
			count := 1
			for i+count < len(pattern) && pattern[i+count] == c {
				count++
			}
			if c == 'X' && count > 3 {
				return illegal(fmt.Sprintf("invalid ISO 8601 format: length=%d", count))
			}
			flush()
			f.parts = append(f.parts, datePart{letter: c, count: count})
			i += count - 1
		}
	}
	if quoted {
		return illegal("Unterminated quote")
	}
	flush()
	return f, nil
}

func isLetter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// format writes a time.
func (f *dateFormat) format(t time.Time) string {
	t = t.UTC()
	var b strings.Builder
	for _, p := range f.parts {
		if p.letter == 0 {
			b.WriteString(p.text)
			continue
		}
		b.WriteString(p.format(t))
	}
	return b.String()
}

// format writes the part of a time that a letter stands for.
func (p datePart) format(t time.Time) string {
	number := func(n int) string { return padded(n, p.count) }
	name := func(full string, short int) string {
		if p.count >= 4 {
			return full
		}
		return full[:short]
	}
	switch p.letter {
	case 'G':
		if t.Year() <= 0 {
			return "BC"
		}
		return "AD"
	case 'y', 'Y':
		year := t.Year()
		if p.letter == 'Y' {
			year, _ = week(t)
		}
		if year <= 0 && p.letter == 'y' {
			year = 1 - year // before Christ
		}
		if p.count == 2 {
			return padded(year%100, 2)
		}
		return number(year)
	case 'M', 'L':
		if p.count < 3 {
			return number(int(t.Month()))
		}
		return name(t.Month().String(), 3)
	case 'd':
		return number(t.Day())
	case 'k':
		return number((t.Hour()+23)%24 + 1)
	case 'H':
		return number(t.Hour())
	case 'K':
		return number(t.Hour() % 12)
	case 'h':
		return number((t.Hour()+11)%12 + 1)
	case 'm':
		return number(t.Minute())
	case 's':
		return number(t.Second())
	case 'S':
		return number(t.Nanosecond() / int(time.Millisecond))
	case 'E':
		return name(t.Weekday().String(), 3)
	case 'u':
		return number((int(t.Weekday())+6)%7 + 1)
	case 'D':
		return number(t.YearDay())
	case 'F':
		return number((t.Day()-1)/7 + 1)
	case 'w':
		_, w := week(t)
		return number(w)
	case 'W':
		return number((t.Day()-1+weekdayOf(t.Year(), t.Month(), 1))/7 + 1)
	case 'a':
		if t.Hour() < 12 {
			return "AM"
		}
		return "PM"
	case 'z':
		if p.count >= 4 {
			return utcName
		}
		return "UTC"
	case 'Z':
		return "+0000"
	}
	return "Z" // X
}

// padded writes a number with at least so many digits.
func padded(n, digits int) string {
	if n < 0 {
		return "-" + padded(-n, digits)
	}
	s := strconv.Itoa(n)
	return strings.Repeat("0", max(0, digits-len(s))) + s
}

// week returns the number of the week and the year it belongs to, as they count in the United States: weeks begin on Sunday, and the first one of a
// year is the one that has its first day.
func week(t time.Time) (year, number int) {
	if next := time.Date(t.Year()+1, 1, 1, 0, 0, 0, 0, time.UTC); t.Year() == next.AddDate(0, 0, -1).Year() {
		sunday := next.AddDate(0, 0, -int(next.Weekday()))
		if !t.Before(sunday) {
			return t.Year() + 1, 1
		}
	}
	return t.Year(), (t.YearDay()-1+weekdayOf(t.Year(), 1, 1))/7 + 1
}

func weekdayOf(year int, month time.Month, day int) int {
	return int(time.Date(year, month, day, 0, 0, 0, 0, time.UTC).Weekday())
}

const utcName = "Coordinated Universal Time"

// writesOnly reports whether the pattern has a letter that cannot be read.
func (f *dateFormat) writesOnly() (byte, bool) {
	i := slices.IndexFunc(f.parts, func(p datePart) bool { return p.letter != 0 && strings.IndexByte("YwWFu", p.letter) >= 0 })
	if i < 0 {
		return 0, false
	}
	return f.parts[i].letter, true
}
