package validate

import (
	"slices"
	"unicode/utf16"
)

// hashOrder returns the keys in the order in which Java's HashMap iterates over them, given the order of their insertion. Kafka keeps
// the settings of converters and the client overrides in such maps, so their place in an answer, and the order of the groups
// that follow from it, are this order: always the same for the same keys.
func hashOrder(keys []string) []string {
	table := uint32(16)
	for len(keys) > int(table)*3/4 {
		table *= 2
	}
	out := slices.Clone(keys)
	slices.SortStableFunc(out, func(a, b string) int {
		return int(hashCode(a)&(table-1)) - int(hashCode(b)&(table-1))
	})
	return out
}

// hashCode is String.hashCode as HashMap spreads it.
func hashCode(s string) uint32 {
	var h uint32
	for _, unit := range utf16.Encode([]rune(s)) {
		h = 31*h + uint32(unit)
	}
	return h ^ h>>16
}
