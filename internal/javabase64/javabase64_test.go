package javabase64_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"sluice/internal/javabase64"
)

// The cases are those of java.util.Base64.Decoder, 17.0.15.
func TestDecode(t *testing.T) {
	for text, want := range map[string]string{
		"": "", "QQ==": "A", "QQ": "A", "QUI=": "AB", "QUI": "AB", "QUJD": "ABC", "QR==": "A", // bits left over
		"QUJDRA==": "ABCD",
	} {
		if got, err := javabase64.Decode(text); err != nil || string(got) != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
	const (
		tooShort    = "Input byte[] should at least have 2 bytes for base64 bytes"
		wrongEnding = "Input byte array has wrong 4-byte ending unit"
		tooFewBits  = "Last unit does not have enough valid bits"
		tooLong     = "Input byte array has incorrect ending byte at "
		illegal     = "Illegal base64 character "
	)
	for text, want := range map[string]string{
		"=": tooShort, "Q": tooShort,
		"====": wrongEnding, "QUJD=": wrongEnding, "QQ=": wrongEnding, "QQ=Q": wrongEnding, "dTpwQUEx=": wrongEnding,
		"QUJDQ": tooFewBits, "Q===": tooFewBits, "dTpwQ===": tooFewBits,
		"QQ==QQ==": tooLong + "4", "QUI==": tooLong + "4", "QQ===": tooLong + "4", "dTpwQQ==x": tooLong + "8",
		"QU D": illegal + "20", "QU\nD": illegal + "a", "QU-_": illegal + "2d", "QU\xe4D": illegal + "-1c", "!!notbase64": illegal + "21",
	} {
		if got, err := javabase64.Decode(text); err == nil || err.Error() != want {
			t.Errorf("%q: got %q, %v, want %q", text, got, err, want)
		}
	}
}

// Go's decoders, with padding and without, take the same texts between them, but for line ends, which they skip.
func FuzzDecode(f *testing.F) {
	for _, s := range []string{"", "QUJD", "QQ==", "QQ", "QQ=Q", "A===", "=Q", "dT-w", "dTpwQUE=x"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if strings.ContainsAny(text, "\r\n") {
			return
		}
		got, err := javabase64.Decode(text)
		want, wantErr := base64.StdEncoding.DecodeString(text)
		if wantErr != nil {
			want, wantErr = base64.RawStdEncoding.DecodeString(text)
		}
		if (err == nil) != (wantErr == nil) || err == nil && string(got) != string(want) {
			t.Errorf("%q: got %q, %v; Go's decoders: %q, %v", text, got, err, want, wantErr)
		}
	})
}
