package fraud

import "errors"

// Timestamp is a TIMESTAMP(3) without a zone: milliseconds since 1970-01-01
// 00:00:00 on the wall clock that wrote it. Finer fractions are cut toward the
// past before anything is compared, as Flink's exchange between operators does.
type Timestamp int64

const (
	msPerSecond = 1000
	msPerMinute = 60 * msPerSecond
	msPerHour   = 60 * msPerMinute
	msPerDay    = 24 * msPerHour

	maxYear = 999_999_999 // of java.time.Year
)

// Errors of parseTimestamp.
var (
	errTimestampForm = errors.New("not of the form yyyy-MM-dd HH:mm:ss.SSS")
	errYearRange     = errors.New("year out of range")
	errMonthRange    = errors.New("month out of range")
	errDayRange      = errors.New("day out of range")
	errTimeRange     = errors.New("time of day out of range")
)

// parseTimestamp reads yyyy-MM-dd HH:mm:ss with an optional dot and up to nine
// digits. A year has four digits, or four to ten after a minus, or five to ten
// after a plus. Dates resolve as Java's SMART style does: the 31st of a shorter
// month is its last day, 24:00:00 is the next midnight.
func parseTimestamp(text []byte) (Timestamp, error) {
	year, rest, err := parseYear(text)
	if err != nil {
		return 0, err
	}
	if len(rest) < len("-MM-dd HH:mm:ss") ||
		rest[0] != '-' || rest[3] != '-' || rest[6] != ' ' || rest[9] != ':' || rest[12] != ':' {
		return 0, errTimestampForm
	}
	month, ok1 := twoDigits(rest[1:])
	day, ok2 := twoDigits(rest[4:])
	hour, ok3 := twoDigits(rest[7:])
	minute, ok4 := twoDigits(rest[10:])
	second, ok5 := twoDigits(rest[13:])
	ms, zero, ok6 := parseFraction(rest[15:])
	if !(ok1 && ok2 && ok3 && ok4 && ok5 && ok6) {
		return 0, errTimestampForm
	}
	switch {
	case year < -maxYear || year > maxYear:
		return 0, errYearRange
	case month < 1 || month > 12:
		return 0, errMonthRange
	case day < 1 || day > 31:
		return 0, errDayRange
	case hour == 24 && !(minute == 0 && second == 0 && zero), hour > 24, minute > 59, second > 59:
		return 0, errTimeRange
	}
	days := daysFromCivil(year, month, min(day, daysInMonth(year, month)))
	if hour == 24 && days == lastDay {
		return 0, errYearRange // the next midnight is beyond Java's calendar
	}
	ofDay := int64(hour*msPerHour + minute*msPerMinute + second*msPerSecond + ms)
	// Beyond +292278994-08-17 this wraps around, as the JVM's long does.
	return Timestamp(days*msPerDay + ofDay), nil
}

// lastDay is +999999999-12-31.
var lastDay = daysFromCivil(maxYear, 12, 31)

// parseYear reads the year and its sign, and returns what follows.
func parseYear(text []byte) (year int64, rest []byte, err error) {
	const minWidth, maxWidth = 4, 10
	var sign byte
	rest = text
	if len(rest) > 0 && (rest[0] == '+' || rest[0] == '-') {
		sign = rest[0]
		rest = rest[1:]
	}
	width := 0
	for width < len(rest) && width < maxWidth && rest[width] >= '0' && rest[width] <= '9' {
		year = year*10 + int64(rest[width]-'0')
		width++
	}
	rest = rest[width:]
	switch {
	case width < minWidth:
		return 0, nil, errTimestampForm
	case sign == '-' && year == 0: // minus zero
		return 0, nil, errTimestampForm
	case sign == '+' && width == minWidth, sign == 0 && width > minWidth:
		return 0, nil, errTimestampForm
	case sign == '-':
		year = -year
	}
	return year, rest, nil
}

// parseFraction reads nothing, or a dot and up to nine digits. It returns the
// milliseconds, and whether the fraction is zero to its last digit.
func parseFraction(text []byte) (ms int, zero, ok bool) {
	if len(text) == 0 {
		return 0, true, true
	}
	if text[0] != '.' || len(text) > 1+9 {
		return 0, false, false
	}
	nanos, unit := 0, 1_000_000_000
	for _, c := range text[1:] {
		if c < '0' || c > '9' {
			return 0, false, false
		}
		unit /= 10
		nanos += int(c-'0') * unit
	}
	return nanos / 1_000_000, nanos == 0, true
}

// twoDigits reads the two digits at the start of text.
func twoDigits(text []byte) (int, bool) {
	a, b := text[0]-'0', text[1]-'0'
	return int(a)*10 + int(b), a <= 9 && b <= 9
}

// AppendText appends t as Flink writes a timestamp in its SQL format:
// 2023-08-14 12:00:01.5, with seconds always, then up to three digits without
// trailing zeros. Years above 9999 have a plus.
func (t Timestamp) AppendText(dst []byte) []byte {
	days, ofDay := int64(t)/msPerDay, int64(t)%msPerDay
	if ofDay < 0 {
		days--
		ofDay += msPerDay
	}
	// Flink keeps the day in an int32, so years above 5881580 wrap around.
	year, month, day := civilFromDays(int64(int32(days)))
	switch {
	case year > 9999:
		dst = append(dst, '+')
	case year < 0:
		dst = append(dst, '-')
		year = -year
	}
	dst = appendPadded(dst, year, 4)
	dst = append(dst, '-')
	dst = appendPadded(dst, month, 2)
	dst = append(dst, '-')
	dst = appendPadded(dst, day, 2)
	dst = append(dst, ' ')
	dst = appendPadded(dst, ofDay/msPerHour, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, ofDay/msPerMinute%60, 2)
	dst = append(dst, ':')
	dst = appendPadded(dst, ofDay/msPerSecond%60, 2)
	if ms := ofDay % msPerSecond; ms != 0 {
		dst = append(dst, '.')
		dst = appendPadded(dst, ms, 3)
		for dst[len(dst)-1] == '0' {
			dst = dst[:len(dst)-1]
		}
	}
	return dst
}

// String returns t in the form of AppendText.
func (t Timestamp) String() string { return string(t.AppendText(nil)) }

// appendPadded appends n with at least width digits.
func appendPadded(dst []byte, n int64, width int) []byte {
	var buf [20]byte
	i := len(buf)
	for n > 0 || len(buf)-i < width {
		i--
		buf[i] = byte('0' + n%10)
		n /= 10
	}
	return append(dst, buf[i:]...)
}

// isLeap reports whether year has a February 29.
func isLeap(year int64) bool { return year%4 == 0 && (year%100 != 0 || year%400 == 0) }

// daysInMonth returns the length of a month.
func daysInMonth(year int64, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if isLeap(year) {
			return 29
		}
		return 28
	}
	return 31
}

// daysFromCivil returns the days from 1970-01-01 to a date of the proleptic
// Gregorian calendar. Its year begins in March, so that the leap day comes
// last: http://howardhinnant.github.io/date_algorithms.html.
func daysFromCivil(year int64, month, day int) int64 {
	if month <= 2 {
		year--
	}
	era := floorDiv(year, 400)
	ofEra := year - era*400
	ofYear := int64((153*((month+9)%12)+2)/5 + day - 1)
	return era*146_097 + ofEra*365 + ofEra/4 - ofEra/100 + ofYear - 719_468
}

// civilFromDays is the inverse of daysFromCivil.
func civilFromDays(days int64) (year, month, day int64) {
	days += 719_468
	era := floorDiv(days, 146_097)
	ofEra := days - era*146_097
	yearOfEra := (ofEra - ofEra/1460 + ofEra/36_524 - ofEra/146_096) / 365
	ofYear := ofEra - (365*yearOfEra + yearOfEra/4 - yearOfEra/100)
	m := (5*ofYear + 2) / 153
	day = ofYear - (153*m+2)/5 + 1
	if month = m + 3; month > 12 {
		month -= 12
	}
	year = yearOfEra + era*400
	if month <= 2 {
		year++
	}
	return year, month, day
}

func floorDiv(a, b int64) int64 {
	q := a / b
	if a%b < 0 {
		q--
	}
	return q
}
