package converter

import (
	"time"

	"sluice/connect"
)

// align gives a value the type of a schema that wider has chosen for it.
//
// Kafka: org.apache.kafka.connect.data.Values.convertTo.
func align(v any, s *connect.Schema) (any, bool) {
	if v == nil {
		return nil, false
	}
	t, isTime := v.(time.Time)
	if isTime {
		return t, s.Name != ""
	}
	n, isWhole := wholeNumber(v)
	switch s.Name {
	case connect.DateName:
		return time.UnixMilli(n * millisPerDay).UTC(), isWhole
	case connect.TimeName, connect.TimestampName:
		return time.UnixMilli(n).UTC(), isWhole && (s.Name == connect.TimestampName || n >= 0 && n <= millisPerDay)
	}
	switch s.Type {
	case connect.Int16:
		return int16(n), true
	case connect.Int32:
		return int32(n), true
	case connect.Int64:
		return n, true
	case connect.Float32:
		if f, ok := v.(float32); ok {
			return f, true
		}
		return float32(float64(n)), true
	case connect.Float64:
		switch f := v.(type) {
		case float32:
			return float64(f), true
		case float64:
			return f, true
		}
		return float64(n), true
	}
	return v, true
}
