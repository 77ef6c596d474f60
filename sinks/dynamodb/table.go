package dynamodb

import (
	"fmt"
	"strings"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// Limits of an item, from the service's documentation.
const (
	maxItemSize  = 400 << 10 // bytes by the service's own counting, names included
	maxHashSize  = 2048      // bytes of a partition key's value
	maxRangeSize = 1024      // bytes of a sort key's value
	maxNesting   = 32        // lists and maps inside each other
)

// kind is the type of an attribute's value by the name that it has in DynamoDB's JSON.
type kind uint8

const (
	absent kind = iota
	kindS
	kindN
	kindB
	kindBool
	kindNull
	kindM
	kindL
	kindSS
	kindNS
	kindBS
)

// String returns the service's name of the type.
func (k kind) String() string {
	return [...]string{"no value", "S", "N", "B", "BOOL", "NULL", "M", "L", "SS", "NS", "BS"}[k]
}

// inWords says for messages what a value of the type is.
func (k kind) inWords() string {
	return [...]string{"nothing", "a string", "a number", "binary", "a boolean", "null", "an object", "an array", "a set", "a set", "a set"}[k]
}

// keyAttribute is an attribute whose type the table prescribes, because it is part of the table's key or of an index's.
type keyAttribute struct {
	name    string
	escaped string // the name inside a JSON string, as appendEscaped writes it
	kind    kind
	role    string // "hash key", "range key" or "key of index \"account\""
	maxSize int    // bytes; 0: not checked here
}

// table is what DescribeTable tells about a table. Attributes[:keys] is the primary key, hash before range; then follow the attributes of
// the indexes that are not in it.
type table struct {
	name       string
	keys       int
	attributes []keyAttribute
	indexes    map[string][]specAttribute // keys of the indexes, hash before range, by the index's name
	capacity   rates
}

// newTable takes what the sink needs from the service's description.
func newTable(d *types.TableDescription) (*table, error) {
	t := &table{name: aws.ToString(d.TableName), capacity: capacityOf(d), indexes: make(map[string][]specAttribute)}
	declared := make(map[string]kind, len(d.AttributeDefinitions))
	for _, a := range d.AttributeDefinitions {
		switch a.AttributeType {
		case types.ScalarAttributeTypeS:
			declared[aws.ToString(a.AttributeName)] = kindS
		case types.ScalarAttributeTypeN:
			declared[aws.ToString(a.AttributeName)] = kindN
		case types.ScalarAttributeTypeB:
			declared[aws.ToString(a.AttributeName)] = kindB
		default:
			return nil, fmt.Errorf("table %q: attribute %q has type %q, known are S, N and B", t.name, aws.ToString(a.AttributeName), a.AttributeType)
		}
	}
	add := func(name, role string, maxSize int) error {
		for i := range t.attributes {
			if t.attributes[i].name == name {
				return nil // an index over a key attribute: the key's rule is the stricter one
			}
		}
		k, ok := declared[name]
		if !ok {
			return fmt.Errorf("table %q: its description gives attribute %q, the %s, no type", t.name, name, role)
		}
		t.attributes = append(t.attributes, keyAttribute{name: name, escaped: string(appendEscaped(nil, name)), kind: k, role: role, maxSize: maxSize})
		return nil
	}
	for _, want := range []struct {
		key     types.KeyType
		role    string
		maxSize int
	}{{types.KeyTypeHash, "hash key", maxHashSize}, {types.KeyTypeRange, "range key", maxRangeSize}} {
		for _, e := range d.KeySchema {
			if e.KeyType != want.key {
				continue
			}
			if err := add(aws.ToString(e.AttributeName), want.role, want.maxSize); err != nil {
				return nil, err
			}
		}
	}
	t.keys = len(t.attributes)
	if t.keys == 0 {
		return nil, fmt.Errorf("table %q: its description has no key", t.name)
	}
	index := func(name *string, schema []types.KeySchemaElement) error {
		var key []specAttribute
		for _, e := range schema {
			attribute := aws.ToString(e.AttributeName)
			if err := add(attribute, fmt.Sprintf("key of index %q", aws.ToString(name)), 0); err != nil {
				return err
			}
			if a := (specAttribute{attribute, declared[attribute]}); e.KeyType == types.KeyTypeHash {
				key = append([]specAttribute{a}, key...)
			} else {
				key = append(key, a)
			}
		}
		t.indexes[aws.ToString(name)] = key
		return nil
	}
	for i := range d.GlobalSecondaryIndexes {
		if err := index(d.GlobalSecondaryIndexes[i].IndexName, d.GlobalSecondaryIndexes[i].KeySchema); err != nil {
			return nil, err
		}
	}
	for i := range d.LocalSecondaryIndexes {
		if err := index(d.LocalSecondaryIndexes[i].IndexName, d.LocalSecondaryIndexes[i].KeySchema); err != nil {
			return nil, err
		}
	}
	return t, nil
}

// attribute returns the position of the key attribute with the given escaped name, or -1.
func (t *table) attribute(escaped []byte) int {
	for i := range t.attributes {
		if t.attributes[i].escaped == string(escaped) {
			return i
		}
	}
	return -1
}

// keyNames lists the primary key, for messages.
func (t *table) keyNames() string {
	names := make([]string, t.keys)
	for i := range names {
		names[i] = fmt.Sprintf("%q", t.attributes[i].name)
	}
	return strings.Join(names, " and ")
}
