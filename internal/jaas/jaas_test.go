package jaas_test

import (
	"reflect"
	"strings"
	"testing"

	"sluice/internal/jaas"
)

func properties(name string) (string, bool) {
	v, ok := map[string]string{"user.home": "/home/kafka", "empty": ""}[name]
	return v, ok
}

func TestParse(t *testing.T) {
	got, err := jaas.Parse(`/* two
   entries */
KafkaConnect {
    a.b.C$D required file="/etc/\"x\"\\y" debug=true; // the first
    a.b.E Optional
        home="${user.home}${/}users"
        kept="${{alias}}" open="${x" none="${empty}" tab="a\tb\101";
};
other { / a comment, too
    a.F-1 SUFFICIENT;
};
empty { };
`, properties)
	if err != nil {
		t.Fatal(err)
	}
	want := map[string][]jaas.Module{
		"KafkaConnect": {
			{Class: "a.b.C$D", Flag: "required", Options: map[string]string{"file": `/etc/"x"\y`, "debug": "true"}},
			{Class: "a.b.E", Flag: "optional", Options: map[string]string{"home": "/home/kafka/users", "kept": "${{alias}}", "open": "${x", "none": "", "tab": "a\tbA"}},
		},
		"other": {{Class: "a.F-1", Flag: "sufficient", Options: map[string]string{}}},
		"empty": nil,
	}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestParseRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`A { b.C required x=1; };`:                 "line 1: the value of x (numbers need quotes) is expected, but there is a number",
		`A { b.C needed; };`:                       "line 1: the flag of b.C must be required, requisite, sufficient, optional",
		`A { b.C required`:                         "an option or ; is expected, but there is the end of the file",
		`A { b.C required x "s3cret"; };`:          "= is expected, but there is a word",
		"A { b.C required; }\nB { };":              "line 2: ; is expected, but there is a word",
		`A { };A { };`:                             "more than one entry for A",
		`{ };`:                                     "the name of an entry is expected, but there is {",
		`A { b.C required x='s3cret'; };`:          "the value of x (numbers need quotes) is expected, but there is '",
		`A { b.C required x="${no.such}s3cret";};`: "x: unable to expand property no.such",
	} {
		_, err := jaas.Parse(text, properties)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		} else if strings.Contains(err.Error(), "s3cret") {
			t.Errorf("the error shows a value: %v", err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add("A { b.C required x=\"y\\101\"; }; // z")
	f.Add("/* ${a} */ A{")
	f.Fuzz(func(t *testing.T, text string) {
		entries, err := jaas.Parse(text, properties)
		if err != nil && entries != nil {
			t.Error("entries and an error")
		}
		for name, modules := range entries {
			for _, m := range modules {
				if m.Class == "" && !strings.Contains(text, `""`) || m.Options == nil {
					t.Errorf("%s: %+v", name, m)
				}
			}
		}
	})
}

// What org.apache.kafka.common.security.JaasConfig of Kafka 3.9.2 makes of the same texts.
func TestParseLogin(t *testing.T) {
	for text, want := range map[string]string{
		`A required;`:                             "",
		`A required a='b c\'d';`:                  "b c'd",
		`A required "a"="b";`:                     "b",
		`A requireD a=b_$-c;`:                     "b_$-c",
		`A required a="${x}";`:                    "${x}",
		`A required a=b.c;`:                       "b.c",
		"x.y.A\n optional // c\n a=\"\\\"\\\\\";": `"\`,
	} {
		m, err := jaas.ParseLogin(text)
		if err != nil || m.Options["a"] != want {
			t.Errorf("%s\ngot  %q, %v\nwant %q", text, m.Options["a"], err, want)
		}
	}
	for text, want := range map[string]string{
		``:                            "there are 0 login modules",
		`A`:                           "a flag is expected",
		`A b;`:                        "the flag of A must be required",
		`A required`:                  "an option or ; is expected",
		`A required s3cret;`:          "= is expected, but there is ;",
		`A required a=1;`:             "the value of a (numbers need quotes) is expected, but there is a number",
		`A required a=-s3cret;`:       "the value of a (numbers need quotes) is expected, but there is -",
		`A required a=s3cret`:         "an option or ; is expected",
		`A required a=s3cret*c;`:      "an option or ; is expected, but there is *",
		`A required a=;`:              "the value of a",
		`A required a=b; C required;`: "there are 2 login modules",
	} {
		if _, err := jaas.ParseLogin(text); err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "s3cret") {
			t.Errorf("%s\ngot  %v\nwant %s", text, err, want)
		}
	}
}

func FuzzParseLogin(f *testing.F) {
	f.Add(`org.apache.kafka.common.security.plain.PlainLoginModule required username="a" password='\101\'';`)
	f.Add("A required a=-b*c")
	f.Fuzz(func(t *testing.T, text string) {
		if m, err := jaas.ParseLogin(text); err == nil && m.Options == nil {
			t.Errorf("%+v", m)
		}
	})
}
