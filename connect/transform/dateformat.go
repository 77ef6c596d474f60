package transform

import (
	"errors"
	"time"
)

// dateFormat reads and writes times in a pattern of letters.
//
// Kafka: java.text.SimpleDateFormat.
type dateFormat struct{ pattern string }

var errNoDateFormat = errors.New("java.text.SimpleDateFormat " + unsupportedText)

func newDateFormat(pattern string) (*dateFormat, error) {
	return &dateFormat{pattern: pattern}, errNoDateFormat
}

func (f *dateFormat) format(time.Time) string { return f.pattern }

func (f *dateFormat) parse(string) (time.Time, error) { return time.Time{}, errNoDateFormat }
