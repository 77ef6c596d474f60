package dynamodb

import (
	"slices"
	"strings"
	"testing"

	"sluice/connect"
)

func TestANativeKeyBeatsItsTwinAndTheLogSaysSo(t *testing.T) {
	s, err := camel().settings(map[string]string{
		camelTableConfig: "t", camelRegionConfig: "eu-west-1", regionConfig: "eu-west-2",
		camelEndpointConfig: "http://camel:1", camelOverrideEndpointConfig: "true", endpointConfig: "http://native:1",
	})
	if err != nil {
		t.Fatal(err)
	}
	if s.region != "eu-west-2" || s.regionKey != regionConfig || s.endpoint != "http://native:1" {
		t.Errorf("got region %s of %s and endpoint %s", s.region, s.regionKey, s.endpoint)
	}
	want := []string{
		regionConfig + " is set, so " + camelRegionConfig + " has no effect",
		endpointConfig + " is set, so " + camelEndpointConfig + " has no effect",
		endpointConfig + " is set, so " + camelOverrideEndpointConfig + " has no effect",
	}
	if !slices.Equal(s.notices, want) {
		t.Errorf("got notices %q, want %q", s.notices, want)
	}
}

func TestAWrongNativeValueNamesKeyValueAndRule(t *testing.T) {
	props := map[string]string{camelTableConfig: "t", endpointConfig: "nowhere"}
	const want = "Invalid value nowhere for configuration aws.dynamodb.endpoint: must be a URL with http or https and a host, such as http://localhost:8000"
	if _, err := camel().settings(props); err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	i := slices.IndexFunc(camel().configDef().Validate(props), func(v connect.ConfigValue) bool { return slices.Contains(v.Errors, want) })
	if i < 0 {
		t.Error("validation does not say so")
	}
}

// The tables of native keys are data that no compiler checks.
func TestNativeKeysAreWellDefined(t *testing.T) {
	var names []string
	for _, g := range nativeGroups() {
		for _, k := range g.keys {
			if slices.Contains(names, k.Name) {
				t.Errorf("%s is defined twice", k.Name)
			}
			names = append(names, k.Name)
			if k.put == nil || k.Importance == "" || len(k.Doc) < 20 || !strings.HasSuffix(k.Doc, ".") {
				t.Errorf("%s lacks a place, an importance or documentation: %+v", k.Name, k.ConfigKey)
			}
			if k.Default != nil && k.Validator != nil {
				if rule := k.Validator.Validate(k.Default); rule != "" {
					t.Errorf("the default of %s is not valid: %s", k.Name, rule)
				}
			}
		}
	}
}
