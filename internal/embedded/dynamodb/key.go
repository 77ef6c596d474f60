package dynamodb

import "math"

const (
	maxHashKeyBytes  = 2048
	maxRangeKeyBytes = 1024
)

// keyPart is one attribute of a key schema.
type keyPart struct {
	name string
	kind kind
}

// keySchema is the key of a table or an index.
type keySchema struct {
	hash     keyPart
	rng      keyPart // meaningful if hasRange
	hasRange bool
}

func (s keySchema) parts() []keyPart {
	if s.hasRange {
		return []keyPart{s.hash, s.rng}
	}
	return []keyPart{s.hash}
}

func (s keySchema) has(name string) bool {
	return s.hash.name == name || s.hasRange && s.rng.name == name
}

// key is an encoded key: the hash attribute and, after it, the range attribute. Encoded parts of
// one attribute compare as bytes the way their values compare; two keys of one schema are equal if
// and only if their values are (1 and 1.0 are one key).
type key struct {
	bytes   string
	hashLen int
	hash    uint64 // of the hash attribute alone: the place in the table's order
}

func (k key) hashPart() string  { return k.bytes[:k.hashLen] }
func (k key) rangePart() string { return k.bytes[k.hashLen:] }

// appendKeyPart writes an encoded scalar (type letter, length, bytes) in key form.
func appendKeyPart(out, encoded []byte) []byte {
	r := itemReader{data: encoded}
	k := r.kind()
	text := r.bytes()
	if k != kindNumber {
		return append(out, text...)
	}
	var buf [256]byte
	d, _ := scanDecimal(text, buf[:0])
	return d.appendKey(out)
}

// encodeKeyValue is the key form of one decoded scalar.
func encodeKeyValue(v value) string {
	if v.kind == kindNumber {
		return string(mustDecimal(v.text).appendKey(nil))
	}
	return v.text
}

func makeKey(scratch []byte, hash, rng []byte) key {
	scratch = appendKeyPart(scratch[:0], hash)
	n := len(scratch)
	if rng != nil {
		scratch = appendKeyPart(scratch, rng)
	}
	return key{bytes: string(scratch), hashLen: n, hash: hash64(scratch[:n])}
}

// hash64 spreads keys evenly over 64 bits (FNV-1a and a finalizer, for its high bits decide the
// order). It is the same in every process, so that paging is reproducible.
func hash64[T string | []byte](s T) uint64 {
	h := uint64(14695981039346656037)
	for i := 0; i < len(s); i++ {
		h = (h ^ uint64(s[i])) * 1099511628211
	}
	return mix64(h)
}

func mix64(h uint64) uint64 {
	h = (h ^ h>>33) * 0xff51afd7ed558ccd
	h = (h ^ h>>33) * 0xc4ceb9fe1a85ec53
	return h ^ h>>33
}

// scalar answers the kind of an encoded value and, if it may be a key, its bytes.
func scalar(encoded []byte) (k kind, text []byte) {
	r := itemReader{data: encoded}
	k = r.kind()
	if !k.orderable() {
		return k, nil
	}
	return k, r.bytes()
}

// checkKeyValue applies the rules of a table's key attribute to a value of the right type.
func checkKeyValue(part keyPart, isHash bool, text []byte) *apiError {
	if part.kind == kindNumber {
		return nil
	}
	switch {
	case len(text) == 0:
		return emptyKeyError(part)
	case isHash && len(text) > maxHashKeyBytes:
		return invalidParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")
	case !isHash && len(text) > maxRangeKeyBytes:
		return invalidParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}

func emptyKeyError(part keyPart) *apiError {
	return validationErrorf("One or more parameter values are not valid. The AttributeValue for a key attribute cannot contain an empty %s value. Key: %s",
		emptyWord(part.kind), part.name)
}

func emptyWord(k kind) string {
	if k == kindBinary {
		return "binary"
	}
	return "string"
}

// maxHash is above every hash; a scan that starts there finds nothing.
const maxHash = math.MaxUint64

// itemKey takes the table's key out of the item last read. put chooses the words of PutItem for a
// missing or mistyped attribute; the other calls have one text for all of them.
func (s keySchema) itemKey(r *attributeReader, scratch []byte, put bool) (key, *apiError) {
	var parts [2][]byte
	for i, part := range s.parts() {
		encoded, ok := r.attribute(part.name)
		if !ok {
			if !put {
				return key{}, errKeySchema
			}
			return key{}, invalidParameter("Missing the key %s in the item", part.name)
		}
		k, text := scalar(encoded)
		if k != part.kind {
			if !put {
				return key{}, errKeySchema
			}
			return key{}, invalidParameter("Type mismatch for key %s expected: %s actual: %s", part.name, part.kind, k)
		}
		if err := checkKeyValue(part, i == 0, text); err != nil {
			return key{}, err
		}
		parts[i] = encoded
	}
	return makeKey(scratch, parts[0], parts[1]), nil
}

// exactKey is itemKey for a request's Key: it holds the key's attributes and nothing else.
func (s keySchema) exactKey(r *attributeReader, scratch []byte) (key, *apiError) {
	if len(r.attrs) != len(s.parts()) {
		return key{}, errKeySchema
	}
	return s.itemKey(r, scratch, false)
}

// checkIndexKeys applies the rules of every index to the item last read.
func (t *table) checkIndexKeys(r *attributeReader) *apiError {
	for _, ix := range t.indexes {
		for i, part := range ix.schema.parts() {
			encoded, ok := r.attribute(part.name)
			if !ok {
				continue
			}
			k, text := scalar(encoded)
			if err := ix.checkKey(part, i == 0, k, text); err != nil {
				return err
			}
		}
	}
	return nil
}

// checkKey applies the rules of one index to one of its key attributes.
func (ix *index) checkKey(part keyPart, isHash bool, k kind, text []byte) *apiError {
	switch {
	case k != part.kind:
		return invalidParameter("Type mismatch for Index Key %s Expected: %s Actual: %s IndexName: %s", part.name, part.kind, k, ix.name)
	case part.kind == kindNumber:
		return nil
	case len(text) == 0:
		return validationErrorf("One or more parameter values are not valid. A value specified for a secondary index key is not supported. "+
			"The AttributeValue for a key attribute cannot contain an empty %s value. IndexName: %s, IndexKey: %s", emptyWord(part.kind), ix.name, part.name)
	case isHash && len(text) > maxHashKeyBytes:
		return invalidParameter("Size of hashkey has exceeded the maximum size limit of2048 bytes")
	case !isHash && len(text) > maxRangeKeyBytes:
		return invalidParameter("Aggregated size of all range keys has exceeded the size limit of 1024 bytes")
	}
	return nil
}
