package validate

import (
	"slices"
	"unicode/utf16"
)

// Kafka keeps settings in Java's HashMaps and answers in the order of their iteration, which is always the same for the same keys: that of
// values that nothing defines, of the settings of converters, of the client overrides, and of the groups that follow from them. An order
// depends on the size of the map's table and, for keys that fall into the same place of it, on the order in which they came in.
//
// Differs: the order of a request's body is not known here, so keys that collide in every one of these maps stand in the order of their names.

// hashOrder returns the keys in the order of a map that they were put into one by one, in the order given.
func hashOrder(keys []string) []string {
	table := 16
	for len(keys) > table*3/4 {
		table *= 2
	}
	return inTable(keys, table)
}

// copyOrder returns the keys in the order of a map that was made as a copy of one with the order given.
func copyOrder(keys []string) []string {
	return inTable(keys, tableFor(int(float32(len(keys))/0.75+1)))
}

// tableFor is the smallest table with room for n.
//
// Kafka: java.util.HashMap.tableSizeFor.
func tableFor(n int) int {
	table := 1
	for table < n {
		table *= 2
	}
	return table
}

func inTable(keys []string, table int) []string {
	out := slices.Clone(keys)
	slices.SortStableFunc(out, func(a, b string) int {
		return int(hashCode(a)&uint32(table-1)) - int(hashCode(b)&uint32(table-1))
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

// inOrder returns the keys of a configuration in the order in which the check goes through them.
//
// Kafka: org.apache.kafka.common.config.ConfigTransformer.transform, which copies the configuration.
func inOrder(props map[string]*string) []string { return copyOrder(sortedKeys(props)) }

// prefixOrder returns the names behind a prefix in the order in which the check goes through them.
//
// Kafka: org.apache.kafka.common.config.AbstractConfig.originalsWithPrefix.
func prefixOrder(props map[string]*string, prefix string) []string {
	keys := inOrder(props)
	table := tableFor(len(keys))
	if len(keys) > table*3/4 {
		table *= 2
	}
	var names []string
	for _, k := range copyOrder(inTable(keys, table)) {
		if len(k) > len(prefix) && k[:len(prefix)] == prefix {
			names = append(names, k[len(prefix):])
		}
	}
	return copyOrder(hashOrder(names))
}
