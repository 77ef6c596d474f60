package avro

import (
	"errors"
	"math"
	"math/big"
	"strconv"
	"time"

	"sluice/connect"
)

const millisPerDay = 24 * 60 * 60 * 1000

func dateOf(days int32) time.Time { return time.Unix(int64(days)*24*60*60, 0).UTC() }

func timeOf(ms int32) (any, error) {
	if ms < 0 || ms > millisPerDay {
		//lint:ignore ST1005 it is Kafka's text
		return nil, errors.New("Time values must use number of milliseconds greater than 0 and less than 86400000")
	}
	return time.UnixMilli(int64(ms)).UTC(), nil
}

// decimal reads an unscaled value in two's complement, most significant byte first.
func decimal(b []byte, scale int) (any, error) {
	if len(b) == 0 {
		return nil, errors.New("a decimal has no bytes")
	}
	v := new(big.Int).SetBytes(b)
	if b[0]&0x80 != 0 {
		v.Sub(v, new(big.Int).Lsh(big.NewInt(1), uint(8*len(b))))
	}
	return connect.Decimal{Unscaled: v, Scale: scale}, nil
}

// physical turns a value of one of Connect's logical types into the type that it stands on.
func physical(s *connect.Schema, v any) (any, error) {
	switch s.Name {
	case connect.DecimalName:
		d, ok := v.(connect.Decimal)
		if !ok {
			return nil, mismatch(s, v)
		}
		scale, err := strconv.Atoi(s.Parameters[scaleParam])
		if err != nil || d.Scale != scale {
			return nil, connect.NewDataError("BigDecimal has mismatching scale value for given Decimal schema")
		}
		return twosComplement(d.Unscaled), nil
	case connect.DateName, connect.TimeName, connect.TimestampName:
		t, ok := v.(time.Time)
		if !ok {
			return nil, mismatch(s, v)
		}
		return physicalTime(s, t)
	}
	return v, nil
}

func physicalTime(s *connect.Schema, t time.Time) (any, error) {
	ms := t.UnixMilli()
	switch s.Name {
	case connect.TimestampName:
		return ms, nil
	case connect.TimeName:
		if ms < 0 || ms > millisPerDay {
			return nil, connect.NewDataError("Kafka Connect Time type should not have any date fields set to non-zero values.")
		}
		return int32(ms), nil
	}
	if ms%millisPerDay != 0 {
		return nil, connect.NewDataError("Kafka Connect Date type should not have any time fields set to non-zero values.")
	}
	days := ms / millisPerDay
	if days < math.MinInt32 || days > math.MaxInt32 {
		return nil, connect.NewDataError("the date %s is out of range", t)
	}
	return int32(days), nil
}

// twosComplement returns the shortest two's complement of a number, most significant byte first.
//
// Kafka: java.math.BigInteger.toByteArray.
func twosComplement(v *big.Int) []byte {
	if v == nil || v.Sign() == 0 {
		return []byte{0}
	}
	if v.Sign() > 0 {
		b := v.Bytes()
		if b[0]&0x80 != 0 {
			b = append([]byte{0}, b...)
		}
		return b
	}
	n := new(big.Int).Not(v) // -v-1
	b := make([]byte, n.BitLen()/8+1)
	n.FillBytes(b)
	for i := range b {
		b[i] = ^b[i]
	}
	return b
}
