package dynamodb

import (
	"strings"
	"testing"

	"sluice/connect"
)

// A validator is asked about a null that a client has given, too, which is a value of no type.
func TestNullsBreakARuleOfEveryKeyThatIsChecked(t *testing.T) {
	checked := 0
	for _, g := range nativeGroups() {
		for _, k := range g.keys {
			if k.Validator == nil {
				continue
			}
			checked++
			if err := connect.Check(k.Validator, k.Name, nil, k.Type); err == nil || !strings.Contains(err.Error(), " for configuration "+k.Name+": ") {
				t.Errorf("%s: %v", k.Name, err)
			}
		}
	}
	if checked == 0 {
		t.Error("no key is checked")
	}
}
