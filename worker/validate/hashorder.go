package validate

import "sluice/internal/javahash"

// Kafka keeps settings in Java's HashMaps and answers in the order of their iteration, which is always the same for the same keys: that of
// values that nothing defines, of the settings of converters, of the client overrides, and of the groups that follow from them. An order
// depends on the size of the map's table and, for keys that fall into the same place of it, on the order in which they came in.
//
// Differs: the order of a request's body is not known here, so keys that collide in every one of these maps stand in the order of their names.

// hashOrder returns the keys in the order of a map that they were put into one by one, in the order given.
func hashOrder(keys []string) []string { return inTable(keys, javahash.Table(len(keys))) }

// copyOrder returns the keys in the order of a map that was made as a copy of one with the order given.
func copyOrder(keys []string) []string { return inTable(keys, javahash.CopyTable(len(keys))) }

func inTable(keys []string, table int) []string {
	out := make([]string, 0, len(keys))
	for _, i := range javahash.Order(keys, javahash.String, table) {
		out = append(out, keys[i])
	}
	return out
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
	table := javahash.SizeFor(len(keys))
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
