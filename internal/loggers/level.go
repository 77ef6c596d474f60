package loggers

import (
	"context"
	"log/slog"
	"math"
	"strings"
)

// Level is the least level that a logger logs, on the scale of slog. It is one of the constants; as an option of a slog handler it is a
// [slog.Leveler].
//
// Kafka: org.apache.log4j.Level.
type Level slog.Level

// The levels of Java, the quietest first.
const (
	Off   Level = math.MaxInt
	Fatal Level = Error + 4
	Error Level = Level(slog.LevelError)
	Warn  Level = Level(slog.LevelWarn)
	Info  Level = Level(slog.LevelInfo)
	Debug Level = Level(slog.LevelDebug)
	Trace Level = Debug - 4
	All   Level = math.MinInt
)

// byName has the levels in their order.
var byName = []struct {
	level Level
	name  string
}{
	{Off, "OFF"}, {Fatal, "FATAL"}, {Error, "ERROR"}, {Warn, "WARN"}, {Info, "INFO"}, {Debug, "DEBUG"}, {Trace, "TRACE"}, {All, "ALL"},
}

// ParseLevel returns the level of a name in any case; ok is false if there is none.
func ParseLevel(name string) (l Level, ok bool) {
	name = strings.ToUpper(name)
	for _, known := range byName {
		if known.name == name {
			return known.level, true
		}
	}
	return Off, false
}

// String returns the level's name in upper case.
func (l Level) String() string {
	for _, known := range byName {
		if known.level == l {
			return known.name
		}
	}
	return slog.Level(l).String()
}

// Level implements [slog.Leveler].
func (l Level) Level() slog.Level { return slog.Level(l) }

// levelOf returns the least level that a handler logs by itself.
func levelOf(h slog.Handler) Level {
	least := Off
	for _, known := range byName[1 : len(byName)-1] {
		if !h.Enabled(context.Background(), known.level.Level()) {
			break
		}
		least = known.level
	}
	return least
}
