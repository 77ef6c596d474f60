// Package javahash knows in which order a java.util.HashMap lists its keys: Kafka answers in that order here and there, and it is always the
// same for the same keys. It follows from their hash codes and from the size of the map's table.
package javahash

import (
	"math"
	"slices"
)

// String is the hash code of a text, which Java keeps in UTF-16.
//
// Kafka: java.lang.String.hashCode.
func String(s string) int32 {
	var h int32
	for _, r := range s {
		if r >= 0x10000 {
			r -= 0x10000
			h = 31*h + 0xD800 + r>>10
			r = 0xDC00 + r&0x3FF
		}
		h = 31*h + r
	}
	return h
}

// Bool is the hash code of a Boolean.
func Bool(b bool) int32 {
	if b {
		return 1231
	}
	return 1237
}

// Long is the hash code of a Long. That of an Integer and of the shorter ones is the number itself.
func Long(n int64) int32 { return int32(n ^ int64(uint64(n)>>32)) }

// Double is the hash code of a Double.
func Double(f float64) int32 { return Long(int64(math.Float64bits(f))) }

// Table is the size of the table of a map that n keys were put into one by one.
func Table(n int) int {
	size := 16
	for n > size/4*3 {
		size *= 2
	}
	return size
}

// CopyTable is the size of the table of a map that was made as a copy of one with n keys.
//
// Kafka: java.util.HashMap.putMapEntries.
func CopyTable(n int) int { return SizeFor(int(float32(n)/0.75 + 1)) }

// SizeFor is the size of the table of an empty map that was made for n, until more than three quarters of it are taken.
//
// Kafka: java.util.HashMap.tableSizeFor.
func SizeFor(n int) int {
	size := 1
	for size < n {
		size *= 2
	}
	return size
}

// Place is where in a table of a size a map keeps the key with a hash code.
//
// Kafka: java.util.HashMap.hash.
func Place(hash int32, table int) int {
	h := uint32(hash)
	return int((h ^ h>>16) & uint32(table-1))
}

// Order returns the indexes of keys in the order of a map whose table has the size: by place in the table, and within a place as they came. (A
// place of eight or more becomes a tree in Java, which can move one key to its front; that is left out.)
func Order[K any](keys []K, hash func(K) int32, table int) []int {
	places := make([]int, len(keys))
	order := make([]int, len(keys))
	for i, k := range keys {
		places[i] = Place(hash(k), table)
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return places[a] - places[b] })
	return order
}
