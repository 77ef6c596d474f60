package connect_test

import (
	"testing"

	"sluice/connect"
)

// The texts are those of Java 17; "" means that it does not take the number.
func TestNumbersAsJava(t *testing.T) {
	for _, c := range []struct {
		t         connect.ConfigType
		raw, want string
	}{
		{connect.TypeInt, "+5", "5"}, {connect.TypeInt, "-2147483648", "-2147483648"}, {connect.TypeInt, "2147483648", ""}, {connect.TypeInt, "1_000", ""},
		{connect.TypeInt, "１２", "12"}, {connect.TypeInt, "٣", "3"}, {connect.TypeInt, "𝟏", ""}, {connect.TypeInt, "0x10", ""}, {connect.TypeInt, "", ""},
		{connect.TypeShort, "32768", ""}, {connect.TypeLong, "-9223372036854775808", "-9223372036854775808"},

		{connect.TypeDouble, "1", "1.0"}, {connect.TypeDouble, "-0", "-0.0"}, {connect.TypeDouble, "0.05", "0.05"}, {connect.TypeDouble, ".5", "0.5"}, {connect.TypeDouble, "1.", "1.0"},
		{connect.TypeDouble, "1e7", "1.0E7"}, {connect.TypeDouble, "12345678.9", "1.23456789E7"}, {connect.TypeDouble, "1e-5", "1.0E-5"}, {connect.TypeDouble, "0.001", "0.001"},
		{connect.TypeDouble, "1e400", "Infinity"}, {connect.TypeDouble, "-1e400", "-Infinity"}, {connect.TypeDouble, "1e-400", "0.0"}, {connect.TypeDouble, "1e100", "1.0E100"},
		{connect.TypeDouble, "NaN", "NaN"}, {connect.TypeDouble, "+Infinity", "Infinity"}, {connect.TypeDouble, "nan", ""}, {connect.TypeDouble, "inf", ""}, {connect.TypeDouble, "Inf", ""},
		{connect.TypeDouble, "1d", "1.0"}, {connect.TypeDouble, "1F", "1.0"}, {connect.TypeDouble, "1dd", ""}, {connect.TypeDouble, "d", ""}, {connect.TypeDouble, "0x1p3", "8.0"},
		{connect.TypeDouble, "0x1p3d", "8.0"}, {connect.TypeDouble, "0x1", ""}, {connect.TypeDouble, "1_0.0", ""}, {connect.TypeDouble, "+-1", ""}, {connect.TypeDouble, "１", ""}, {connect.TypeDouble, "", ""},
	} {
		got := ""
		if v, err := connect.ParseConfigValue("k", c.raw, c.t); err == nil {
			got = connect.ConfigText(v, c.t)
		}
		if got != c.want {
			t.Errorf("%s %q: got %q, want %q", c.t, c.raw, got, c.want)
		}
	}
}

func TestListsAsJava(t *testing.T) {
	for raw, want := range map[string]string{
		"": "[]", " ": "[]", ",": "[, ]", "a, b\t,\vc": "[a, b, c]", "a\u00a0,b": "[a\u00a0, b]", "a,,": "[a, , ]", ", ,": "[, , ]",
	} {
		def := connect.NewConfigDef(connect.ConfigKey{Name: "l", Type: connect.TypeList, Validator: connect.ValidatorFunc("never", func(any) string { return "no" })})
		if got, want := def.Validate(map[string]string{"l": raw})[0].Errors[0], "Invalid value "+want+" for configuration l: no"; got != want {
			t.Errorf("%q: got %q, want %q", raw, got, want)
		}
	}
}
