package connecttest_test

import (
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"sluice/connect/connecttest"
)

// faultVariable names the fault of the sink that a process of TestTheSuiteFindsFaults tests.
const faultVariable = "SLUICE_CONNECTTEST_FAULT"

// A sink that keeps the contract passes all of it, the rules for trouble included. In a process of TestTheSuiteFindsFaults it does not.
func TestTheSuite(t *testing.T) {
	fault := os.Getenv(faultVariable)
	if fault != "" {
		connecttest.SetTimeLimit(500 * time.Millisecond)
	}
	connecttest.TestSink(t, (&world{fault: fault}).sink())
}

// Each rule finds the fault that it is there for. A test that is to fail needs a process of its own.
func TestTheSuiteFindsFaults(t *testing.T) {
	for fault, rule := range map[string]string{
		"no version":                          "settings are defined in full",
		"a key without documentation":         "settings are defined in full",
		"a default that is not valid":         "settings are defined in full",
		"a key of the framework":              "settings are defined in full",
		"a secret that is text":               "secrets are passwords",
		"too many tasks":                      "a connector splits its work",
		"one map for all tasks":               "a connector splits its work",
		"a connector that starts once":        "a connector is started again after it was stopped",
		"no empty batches":                    "a task takes empty batches at any time",
		"a lost record":                       "what was put is written when it may be committed",
		"a batch in reverse":                  "what was put is written when it may be committed",
		"a record that is changed":            "what was put is written when it may be committed",
		"the worker's slice is kept":          "what was put is written when it may be committed",
		"a secret in the log":                 "what was put is written when it may be committed",
		"an offset that was not put":          "offsets to commit are among those put",
		"an offset of a strange partition":    "offsets to commit are among those put",
		"a start without what is required":    "a task can be stopped after its start has failed",
		"a stop that needs a start":           "a task can be stopped after its start has failed",
		"a partition that does not come back": "partitions go and come back",
		"offsets of another time":             "partitions go and come back",
		"offsets of another task":             "an abandoned task loses nothing that was not committed",
		"a put that panics":                   "what was put is written when it may be committed",
		"a stop that panics":                  "a task can be stopped without having run",
		"a stop that does not end":            "a task can be stopped without having run",
		"an error that nobody hears of":       "an outage is waited for",
		"shares a destination":                "tasks share nothing",
		"a goroutine that stays":              "nothing runs on after a task was stopped",
		"a bad record that nobody hears of":   "a bad record is reported and the others are written",
		"a bad record that is passed":         "a bad record that is not tolerated is not passed",
		"an outage that ends the task":        "an outage is waited for",
		"an offset that is not durable":       "an outage is waited for",
		"a wait without end":                  "a call that hangs ends with its context",
	} {
		t.Run(fault, func(t *testing.T) {
			t.Parallel()
			name := strings.ReplaceAll(rule, " ", "_")
			cmd := exec.CommandContext(t.Context(), os.Args[0], "-test.run=^TestTheSuite$/^"+name+"$", "-test.timeout=30s")
			cmd.Env = append(os.Environ(), faultVariable+"="+fault)
			out, err := cmd.CombinedOutput()
			if err == nil || !strings.Contains(string(out), "--- FAIL: TestTheSuite/"+name) {
				t.Errorf("the rule %q does not find it: %v\n%s", rule, err, out)
			}
			if strings.Contains(string(out), "\npanic: ") {
				t.Errorf("the process has ended in a panic:\n%s", out)
			}
		})
	}
}
