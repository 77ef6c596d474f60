package fraud

import "testing"

func TestPackID(t *testing.T) {
	for _, id := range []string{"0000000000000000", "0123456789ABCDEF", "FFFFFFFFFFFFFFFF"} {
		n, ok := PackID(Of(id))
		if got := string(AppendPackedID([]byte("x"), n)); !ok || got != "x"+id {
			t.Errorf("%q became %q, %t", id, got, ok)
		}
	}
	for _, id := range []Nullable[string]{{}, Of(""), Of("0123456789abcdef"), Of("0123456789ABCDE"), Of("0123456789ABCDEF0"), Of("0123456789ABCDEG"), Of("+123456789ABCDEF")} {
		if n, ok := PackID(id); ok {
			t.Errorf("%v was packed as %x", id, n)
		}
	}
}
