package fraud

const idDigits = 16

// PackID puts the usual transaction id, 16 hexadecimal digits in capitals, into
// 8 bytes. It returns false for any other, NULL included.
func PackID(id Nullable[string]) (uint64, bool) {
	if len(id.Value) != idDigits {
		return 0, false
	}
	var n uint64
	for i := range idDigits {
		c := id.Value[i]
		switch {
		case c >= '0' && c <= '9':
			c -= '0'
		case c >= 'A' && c <= 'F':
			c -= 'A' - 10
		default:
			return 0, false
		}
		n = n<<4 | uint64(c)
	}
	return n, true
}

// AppendPackedID appends the id that PackID has packed.
func AppendPackedID(dst []byte, n uint64) []byte {
	for i := range idDigits {
		dst = append(dst, "0123456789ABCDEF"[n>>(60-4*i)&15])
	}
	return dst
}
