package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"net"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// A benchmark that finds nothing wrong is worth as much as the stub that would have noticed. So each wrong thing is done to it once.
func TestStubNotices(t *testing.T) {
	put := func(key, version int) string {
		return fmt.Sprintf(`{"PutRequest":{"Item":{"transaction_id":{"S":"%d"},"customer_id":{"S":"C%d"},"transaction_date":{"S":"d"},"account_id":{"N":"1"}}}}`, key, version)
	}
	batch := func(puts ...string) string {
		return `{"RequestItems":{"flagged-transactions":[` + strings.Join(puts, ",") + `]}}`
	}
	for _, c := range []struct {
		name   string
		faults faults
		bodies []string // sent one after the other
		want   stubCounts
		status int // of the last answer
	}{
		{"all is well", faults{}, []string{batch(put(1, 1), put(2, 2)), batch(put(1, 3))}, stubCounts{Items: 3, Keys: 2}, 200},
		{"blanks do not matter", faults{}, []string{` { "RequestItems" : {"flagged-transactions" : [ ` + put(1, 1) + ` , ` + put(2, 1) + "]\n}}"}, stubCounts{Items: 2, Keys: 2}, 200},
		{"the same version again is a repetition", faults{}, []string{batch(put(1, 1)), batch(put(1, 1))}, stubCounts{Items: 2, Keys: 1}, 200},
		{"an older version after a newer one", faults{}, []string{batch(put(1, 2)), batch(put(1, 1))}, stubCounts{Items: 2, Keys: 1, Reordered: 1}, 200},
		{"two of one key in a batch", faults{}, []string{batch(put(1, 1), put(1, 2))}, stubCounts{DupInBatch: 1, Invalid: 1}, 400},
		{"26 in a batch", faults{}, []string{batch(strings.Split(strings.Repeat(put(1, 1)+"\n", 26), "\n")[:26]...)}, stubCounts{Invalid: 1}, 400},
		{"none in a batch", faults{}, []string{batch()}, stubCounts{Invalid: 1}, 400},
		{"a key is missing", faults{}, []string{batch(strings.Replace(put(1, 1), hashName, "other", 1))}, stubCounts{Invalid: 1}, 400},
		{"a key of another type", faults{}, []string{batch(strings.Replace(put(1, 1), `{"S":"1"}`, `{"N":"1"}`, 1))}, stubCounts{Invalid: 1}, 400},
		{"an index key of another type", faults{}, []string{batch(strings.Replace(put(1, 1), `{"N":"1"}`, `{"S":"1"}`, 1))}, stubCounts{Invalid: 1}, 400},
		{"a body that is cut off", faults{}, []string{batch(put(1, 1))[:100]}, stubCounts{Invalid: 1}, 400},
		{"another table", faults{}, []string{strings.Replace(batch(put(1, 1)), "flagged", "other", 1)}, stubCounts{Invalid: 1}, 400},
		{"all come back: throttled", faults{Unprocessed: 1}, []string{batch(put(1, 1))}, stubCounts{Throttled: 1}, 400},
		{"throttled", faults{Throttled: 1}, []string{batch(put(1, 1))}, stubCounts{Throttled: 1}, 400},
		{"an error", faults{Errors: 1}, []string{batch(put(1, 1))}, stubCounts{Errors: 1}, 500},
		{"an outage", faults{Outage: time.Hour}, []string{batch(put(1, 1))}, stubCounts{Errors: 1}, 500},
		{"an outage cuts every second call", faults{Outage: time.Hour}, []string{batch(put(1, 1)), batch(put(1, 1))}, stubCounts{Errors: 2}, 0},
		{"cut after the write", faults{Cut: 1}, []string{batch(put(1, 1))}, stubCounts{Items: 1, Keys: 1, Cut: 1}, 0},
		{"a rejected item", faults{RejectEvery: 7}, []string{batch(put(1, 13), put(2, 14)), batch(put(1, 13))}, stubCounts{Items: 1, Keys: 1, Rejected: 1}, 200},
	} {
		t.Run(c.name, func(t *testing.T) {
			s, endpoint := serveStub(t, c.faults)
			status := 0
			for _, body := range c.bodies {
				status, _ = post(t, endpoint, "BatchWriteItem", body, stubSecret)
			}
			got := s.counts()
			if got.Invalid != 0 && got.WhyInvalid == "" {
				t.Error("it does not say why")
			}
			c.want.Calls, c.want.Digest, c.want.MaxInFlight, c.want.LastWrite, c.want.WhyInvalid = got.Calls, got.Digest, got.MaxInFlight, got.LastWrite, got.WhyInvalid
			if got != c.want || status != c.status {
				t.Errorf("status %d, want %d; counts %+v, want %+v", status, c.status, got, c.want)
			}
		})
	}
}

// Two writes of a key are in flight: the first one waits in the stub until the second one is there.
func TestStubNoticesOverlap(t *testing.T) {
	s := newStub(faults{})
	w := stubWrite{key: 1, version: 1}
	for range 2 {
		s.keys.begin(&w, 0, time.Now(), &s.counters)
	}
	if n := s.counts().Overlap; n != 1 {
		t.Errorf("%d overlaps", n)
	}
}

// A key has so many units in a tenth of a second, and others do not take them away.
func TestStubKeyUnits(t *testing.T) {
	s, now := newStub(faults{}), time.UnixMilli(1_000_000)
	one, other := stubWrite{key: 1}, stubWrite{key: 65} // in the same part
	for i, c := range []struct {
		w    *stubWrite
		at   time.Time
		want bool
	}{{&one, now, true}, {&one, now, true}, {&one, now, false}, {&other, now, true}, {&one, now.Add(99 * time.Millisecond), false}, {&one, now.Add(100 * time.Millisecond), true}} {
		if got := s.keys.begin(c.w, 2, c.at, &s.counters); got != c.want {
			t.Errorf("write %d: a unit was left: %v, want %v", i, got, c.want)
		}
	}
}

// A signature is looked at in each request, and computed again in one of many.
func TestStubVerifiesSignatures(t *testing.T) {
	s, endpoint := serveStub(t, faults{})
	for range verifyEvery {
		if status, answer := post(t, endpoint, "DescribeTable", "{}", stubSecret); status != 200 || !strings.Contains(answer, stubTable) {
			t.Fatalf("%d %s", status, answer)
		}
	}
	if n := s.counts().Unsigned; n != 0 {
		t.Errorf("%d of %d good signatures were refused", n, verifyEvery)
	}
	for range verifyEvery {
		post(t, endpoint, "DescribeTable", "{}", "another secret")
	}
	if n := s.counts().Unsigned; n != 1 {
		t.Errorf("%d of %d wrong signatures were noticed, want 1", n, verifyEvery)
	}
	post(t, endpoint, "DescribeTable", "{}", "")
	if n := s.counts().Unsigned; n != 2 {
		t.Error("a request without a signature was taken")
	}
}

// What the stub adds up for a table is what the rows expect of it: a record that has come through the sink's JSON is the same item.
func TestStubStates(t *testing.T) {
	s, endpoint := serveStub(t, faults{})
	r := stream{n: 1000, key: func(i int) int { return i % 100 }}
	for i := range r.n {
		item, err := appendItem([]byte(batchHead+`{"PutRequest":{"Item":`), r.message(i).value)
		must(t, err)
		if status, answer := post(t, endpoint, "BatchWriteItem", string(item)+`}}]}}`, stubSecret); status != 200 {
			t.Fatalf("%d %s", status, answer)
		}
		if size := len(r.message(i).value); size != 243 {
			t.Fatalf("record %d has %d bytes", i, size)
		}
	}
	keys, digest := r.table(nil)
	if c := s.counts(); c.Keys != keys || c.Digest != digest || keys != 100 {
		t.Errorf("%d items with digest %x, want %d with %x", c.Keys, c.Digest, keys, digest)
	}
}

func FuzzStubScan(f *testing.F) {
	f.Add([]byte(batchHead + `{"PutRequest":{"Item":{"transaction_id":{"S":"1\\\""},"x":{"L":[{"S":"]"},{"M":{}}]}}}}]}}`))
	f.Add([]byte(`{"RequestItems":{"flagged-transactions":[{"DeleteRequest":{"Key":{}}}`))
	f.Add([]byte(`"`))
	f.Fuzz(func(t *testing.T, body []byte) {
		for _, read := range []func(s *scanner){func(s *scanner) { s.batch(nil) }, func(s *scanner) { s.single(false) }} {
			s := scanner{b: body}
			if read(&s); s.i > len(body) {
				t.Errorf("read %d of %d bytes", s.i, len(body))
			}
		}
	})
}

func serveStub(t *testing.T, f faults) (*stub, string) {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	must(t, err)
	s, over := newStub(f), make(chan struct{})
	go func() {
		defer close(over)
		_ = s.serve(l) // until the listener is closed
	}()
	t.Cleanup(func() {
		l.Close()
		<-over
	})
	return s, "http://" + l.Addr().String()
}

// post sends a request signed with a secret, or unsigned without. Status 0: the connection was cut.
func post(t *testing.T, endpoint, operation, body, secret string) (int, string) {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), http.MethodPost, endpoint, bytes.NewReader([]byte(body)))
	must(t, err)
	r.GetBody = nil // or else it would be sent again when the connection is cut
	r.Header.Set("X-Amz-Target", "DynamoDB_20120810."+operation)
	if secret != "" {
		sum := sha256.Sum256([]byte(body))
		credentials := aws.Credentials{AccessKeyID: stubAccessKey, SecretAccessKey: secret}
		must(t, v4.NewSigner().SignHTTP(context.Background(), credentials, r, hex.EncodeToString(sum[:]), "dynamodb", stubRegion, time.Now()))
	}
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return 0, ""
	}
	defer res.Body.Close()
	answer, err := io.ReadAll(res.Body)
	must(t, err)
	return res.StatusCode, string(answer)
}
