package fraud

// scanFast scans the plain shape of a record: UTF-8, ASCII only, no escapes, no
// exponents, nothing nested. It reports false for everything else, right or
// wrong, and then says nothing about the record.
func scanFast(schema *schema, in []byte, row *rawRow) bool {
	if len(in) < 4 || in[0] != '{' || in[1] == 0 {
		return false // blanks in front, another encoding, {} or a single byte
	}
	i := 1
	for {
		// Name.
		for i < len(in) && in[i] == ' ' {
			i++
		}
		name, next := plainString(in, i)
		if next < 0 {
			return false
		}
		i = next
		if i >= len(in) || in[i] != ':' {
			return false
		}
		i++
		if i < len(in) && in[i] == ' ' {
			i++
		}
		if i >= len(in) {
			return false
		}
		// Value.
		var v rawValue
		switch c := in[i]; {
		case c == '"':
			v.kind = kindString
			v.text, i = plainString(in, i)
		case c == '-' || c >= '0' && c <= '9':
			v.kind, v.text, i = plainNumber(in, i)
		default:
			return false
		}
		if i < 0 || i >= len(in) {
			return false
		}
		if column := schema.column(name); column >= 0 {
			row[column] = v
		}
		switch in[i] {
		case ',':
			i++
		case '}':
			return true
		default:
			return false
		}
	}
}

// plainString returns the string in quotes at in[i] and the index behind it,
// which is -1 if there is no string or if it has an escape or is not ASCII.
func plainString(in []byte, i int) (text []byte, next int) {
	if i >= len(in) || in[i] != '"' {
		return nil, -1
	}
	i++
	for j := i; j < len(in); j++ {
		switch c := in[j]; {
		case c == '"':
			return in[i:j], j + 1
		case c == '\\' || c >= 0x80:
			return nil, -1
		}
	}
	return nil, -1
}

// plainNumberLength is the longest literal that plainNumber takes: short enough
// to be far from the limits of every type.
const plainNumberLength = 24

// plainNumber returns the number at in[i] and the index behind it, which is -1
// if it is malformed, long or has an exponent.
func plainNumber(in []byte, i int) (k kind, text []byte, next int) {
	j := i
	if in[j] == '-' {
		j++
	}
	first := j
	for j < len(in) && in[j] >= '0' && in[j] <= '9' {
		j++
	}
	if j == first || in[first] == '0' && j > first+1 {
		return 0, nil, -1
	}
	k = kindInteger
	if j < len(in) && in[j] == '.' {
		k = kindFloat
		j++
		fraction := j
		for j < len(in) && in[j] >= '0' && in[j] <= '9' {
			j++
		}
		if j == fraction {
			return 0, nil, -1
		}
	}
	if j-i > plainNumberLength || j < len(in) && (in[j] == 'e' || in[j] == 'E') {
		return 0, nil, -1
	}
	return k, in[i:j], j
}
