package dynamodb

import (
	"errors"
	"math"
	"strconv"
	"strings"

	"sluice/connect"
)

// The native keys for how much of a table's capacity is used.
const (
	rateLimitConfig        = "aws.dynamodb.write.rate.limit"
	ratePercentConfig      = "aws.dynamodb.write.rate.percent"
	consumedCapacityConfig = "aws.dynamodb.consumed.capacity"
)

func nativeRate() nativeGroup {
	return nativeGroup{title: "Rate", check: checkRate, keys: []nativeKey{
		textKey(rateLimitConfig, "off", "off, table, or a number of write units a second", "How many write units the connector may consume a second. off is as many as the service gives. A number is a limit for all its tables and their indexes together. "+
			"With table it is "+ratePercentConfig+" of the provisioned capacity of each table, and likewise of each of its global indexes; of a table on demand, of its maximum if it has one, and without a limit if not. The capacity is read every minute. "+
			"The limit is divided evenly among the tasks; tasks on one worker use what others there leave.",
			parseRateLimit, func(s *settings, l rateLimit) { s.rate.kind, s.rate.units = l.kind, l.units }),
		numberKey(ratePercentConfig, int64(100), connect.Between(1, 100), "The part of a table's capacity that the connector may use with "+rateLimitConfig+"=table, in percent.",
			func(s *settings, n int64) { s.rate.percent = float64(n) }),
		flagKey(consumedCapacityConfig, false, "Whether every call asks what it has consumed, for the metric dynamodb_consumed_write_units_total. With a limit of the rate it does in any case.",
			func(s *settings, on bool) { s.consumed = on }),
	}}
}

// parseRateLimit reads off, table or a number above 0.
func parseRateLimit(text string) (rateLimit, error) {
	switch strings.ToLower(text) {
	case "off":
		return rateLimit{}, nil
	case "table":
		return rateLimit{kind: tableRate}, nil
	}
	units, err := strconv.ParseFloat(text, 64)
	if err != nil || !(units > 0) || math.IsInf(units, 1) {
		return rateLimit{}, errors.New("must be off, table, or a number above 0")
	}
	return rateLimit{kind: fixedRate, units: units}, nil
}

// checkRate refuses a part of nothing. A limit needs to know what is consumed.
func checkRate(c connect.Config, s *settings) []*connect.ConfigError {
	s.consumed = s.consumed || s.rate.kind != noRate
	if s.rate.kind == tableRate {
		if s.tables.blind {
			return []*connect.ConfigError{wrongValue(c, rateLimitConfig, "needs the table's description, which "+describeTableConfig+"=false forbids")}
		}
		return nil
	}
	s.rate.percent = 0
	if c.Given(ratePercentConfig) {
		return []*connect.ConfigError{wrongValue(c, ratePercentConfig, "has no effect unless "+rateLimitConfig+" is table")}
	}
	return nil
}
