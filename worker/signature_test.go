package worker

import (
	"bufio"
	"encoding/json"
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"

	"sluice/worker/store"
)

// signed is a request that a worker of Kafka Connect 3.9.2 has signed.
type signed struct {
	Line          string `json:"request_line"`
	Algorithm     string `json:"algorithm"`
	Key           []byte `json:"session_key_b64"`
	Body          string `json:"body"`
	Authorization string `json:"x_connect_authorization"`
}

func signedRequests(t testing.TB) []signed {
	f, err := os.Open("testdata/signatures.jsonl")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var all []signed
	for lines := bufio.NewScanner(f); lines.Scan(); {
		var s signed
		if err := json.Unmarshal(lines.Bytes(), &s); err != nil {
			t.Fatal(err)
		}
		all = append(all, s)
	}
	if len(all) < 5 {
		t.Fatalf("%d signed requests", len(all))
	}
	return all
}

func TestSignaturesOfJavaWorkers(t *testing.T) {
	allowed := []string{"HmacSHA256"}
	for _, s := range signedRequests(t) {
		key := &store.SessionKey{Key: s.Key, Algorithm: s.Algorithm}
		sig, err := ParseRequestSignature(s.Algorithm, s.Authorization, []byte(s.Body))
		if err != nil {
			t.Fatalf("%s: %v", s.Line, err)
		}
		if err := sig.check(allowed, key); err != nil {
			t.Errorf("%s: %v", s.Line, err)
		}
		var forbidden *ForbiddenError
		other := &store.SessionKey{Key: append([]byte{1}, s.Key[1:]...)}
		if err := sig.check(allowed, other); !errors.As(err, &forbidden) {
			t.Errorf("%s with another key: got %v", s.Line, err)
		}
		longer, err := ParseRequestSignature(s.Algorithm, s.Authorization, []byte(s.Body+" "))
		if err != nil {
			t.Fatal(err)
		}
		if err := longer.check(allowed, key); !errors.As(err, &forbidden) {
			t.Errorf("%s with a blank more: got %v", s.Line, err)
		}
	}
}

func TestSignatureIsRefused(t *testing.T) {
	key := &store.SessionKey{Key: make([]byte, 32)}
	for _, c := range []struct {
		name, algorithm, signature string
		key                        *store.SessionKey
		want                       error
	}{
		{"an algorithm that nobody has", "HmacFoo", "AAAA", key, &BadRequestError{"Algorithm HmacFoo not available"}},
		{"that comes before the signature", "HmacFoo", "!", key, &BadRequestError{"Algorithm HmacFoo not available"}},
		{"no base64", "HmacSHA256", "!!notbase64", key, &BadRequestError{"Illegal base64 character 21"}},
		{"that comes before the algorithms allowed", "HmacMD5", "!!notbase64", key, &BadRequestError{"Illegal base64 character 21"}},
		{"an algorithm that is not allowed", "HmacSHA1", "AAAA", nil, &BadRequestError{"This worker does not support the 'HmacSHA1' key signing algorithm used by other workers. " +
			"This worker is currently configured to use: [HmacSHA256, HmacSHA512]. Check that all workers' configuration files permit the same set of signature algorithms, " +
			"and correct any misconfigured worker and restart it."}},
		{"an algorithm in other letters", "hmacsha256", "AAAA", key, nil}, // below: the text names it as it came
		{"no key", "HmacSHA512", "AAAA", nil, &UnavailableError{"This worker is still starting up and has not been able to read a session key from the config topic yet"}},
		{"another signature", "HmacSHA256", "AAAA", key, &ForbiddenError{"Internal request contained invalid signature."}},
		{"an empty one", "HmacSHA256", "", key, &ForbiddenError{"Internal request contained invalid signature."}},
	} {
		sig, err := ParseRequestSignature(c.algorithm, c.signature, nil)
		if err == nil {
			err = sig.check([]string{"HmacSHA256", "HmacSHA512"}, c.key)
		}
		if c.want == nil {
			if err == nil || !strings.Contains(err.Error(), "'"+c.algorithm+"'") {
				t.Errorf("%s: got %v", c.name, err)
			}
			continue
		}
		if !reflect.DeepEqual(err, c.want) {
			t.Errorf("%s:\ngot  %T %v\nwant %T %v", c.name, err, err, c.want, c.want)
		}
	}
	var none *RequestSignature
	if err := none.check(nil, nil); err == nil || err.Error() != "Internal request missing required signature" {
		t.Errorf("no signature: got %v", err)
	}
}
