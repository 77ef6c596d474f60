package detector_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"slices"
	"strconv"
	"testing"

	"sluice/internal/capturedtest"
	"sluice/internal/fraud"
	"sluice/internal/kafka"
)

// goldenCase is a line of testdata/detector-golden.jsonl: what a real Flink
// 1.15.2 job made of some records, byte for byte.
type goldenCase struct {
	Case               string
	FlaggedAccounts    []*string `json:"flagged_accounts"`
	Transactions       []*string
	ValueEncoding      string   `json:"value_encoding"`
	ArrivalOrder       []string `json:"arrival_order"`
	Expected           json.RawMessage
	ExpectedKeys       []string `json:"expected_keys"`
	OutputPartitions   int32    `json:"output_partitions"`
	ExpectedPartitions []int32  `json:"expected_partitions"`
}

// output is one emitted record. Partition is 0 where a case does not say how
// many there are.
type output struct {
	partition  int32
	key, value string
}

func compareOutputs(a, b output) int {
	return slices.Compare([]string{strconv.Itoa(int(a.partition)), a.key, a.value}, []string{strconv.Itoa(int(b.partition)), b.key, b.value})
}

func mustReadGolden(t testing.TB) []goldenCase {
	t.Helper()
	return capturedtest.Cases[goldenCase](t, "testdata/detector-golden.jsonl", 322)
}

// want returns the outputs of a case, sorted, or fails if the job fails.
func (c *goldenCase) want(t testing.TB) (outputs []output, fails bool) {
	t.Helper()
	if string(c.Expected) == `"job-fails"` {
		return nil, true
	}
	var values []string
	if err := json.Unmarshal(c.Expected, &values); err != nil {
		t.Fatal(err)
	}
	for i, v := range values {
		o := output{key: c.ExpectedKeys[i], value: v}
		if c.ExpectedPartitions != nil {
			o.partition = c.ExpectedPartitions[i]
		}
		outputs = append(outputs, o)
	}
	slices.SortFunc(outputs, compareOutputs)
	return outputs, false
}

// record returns the value of an entry of the arrival order such as "F0".
func (c *goldenCase) record(t testing.TB, entry string) (flag bool, value []byte) {
	t.Helper()
	i, err := strconv.Atoi(entry[1:])
	if err != nil {
		t.Fatal(err)
	}
	list := c.Transactions
	if flag = entry[0] == 'F'; flag {
		list = c.FlaggedAccounts
	}
	if list[i] == nil {
		return flag, nil
	}
	if c.ValueEncoding == "base64" {
		value, err = base64.StdEncoding.DecodeString(*list[i])
		if err != nil {
			t.Fatal(err)
		}
		return flag, value
	}
	return flag, []byte(*list[i])
}

// run sends the records of a case through the model in the given order.
func (c *goldenCase) run(t testing.TB, order []string) (outputs []output, err error) {
	t.Helper()
	var join model
	emit := func(tr *fraud.Transaction) {
		o := output{key: string(tr.AppendKey(nil)), value: string(tr.AppendValue(nil))}
		if c.OutputPartitions > 0 {
			o.partition = kafka.Murmur2Partition([]byte(o.key), c.OutputPartitions)
		}
		outputs = append(outputs, o)
	}
	for _, entry := range order {
		flag, value := c.record(t, entry)
		if flag {
			f, ok, err := fraud.DecodeFlaggedAccount(value)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", entry, err)
			}
			if ok {
				join.addFlag(f, emit)
			}
			continue
		}
		tr, ok, err := fraud.DecodeTransaction(value)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", entry, err)
		}
		if ok {
			join.addTransaction(tr, emit)
		}
	}
	slices.SortFunc(outputs, compareOutputs)
	return outputs, nil
}

func TestTheRuleIsFlinks(t *testing.T) {
	const shuffles = 8
	for _, c := range mustReadGolden(t) {
		t.Run(c.Case, func(t *testing.T) {
			want, fails := c.want(t)
			order := c.ArrivalOrder
			rng := rand.New(rand.NewPCG(1, 2))
			for range shuffles {
				got, err := c.run(t, order)
				if fails != (err != nil) {
					t.Fatalf("order %v: error %v, want failure %v", order, err, fails)
				}
				if !slices.Equal(got, want) {
					t.Fatalf("order %v\n got %q\nwant %q", order, got, want)
				}
				if fails {
					t.Log(err)
				}
				order = slices.Clone(order)
				rng.Shuffle(len(order), func(i, j int) { order[i], order[j] = order[j], order[i] })
			}
		})
	}
}
