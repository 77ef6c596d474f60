package dynamodb

import (
	"bufio"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"net/http"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// bySDK returns the headers of a request as the SDK's signer leaves them.
func bySDK(t testing.TB, host, region, operation string, body []byte, c aws.Credentials, at time.Time) http.Header {
	t.Helper()
	r, err := http.NewRequest(http.MethodPost, "https://"+host, bytes.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	r.Header = http.Header{"Content-Type": {contentType}, "X-Amz-Target": {targetPrefix + operation}, "User-Agent": {userAgent}}
	sum := sha256.Sum256(body)
	if err := v4.NewSigner().SignHTTP(t.Context(), c, r, hex.EncodeToString(sum[:]), "dynamodb", region, at); err != nil {
		t.Fatal(err)
	}
	return r.Header
}

// readHead reads a request back as a server does.
func readHead(t testing.TB, head, body []byte) *http.Request {
	t.Helper()
	r, err := http.ReadRequest(bufio.NewReader(bytes.NewReader(append(head, body...))))
	if err != nil {
		t.Fatalf("%v in %q", err, head)
	}
	got, err := io.ReadAll(r.Body)
	if err != nil || !bytes.Equal(got, body) {
		t.Fatalf("the body is read as %d bytes, %v; want %d", len(got), err, len(body))
	}
	return r
}

func FuzzHeadsAreSignedAsByTheSDK(f *testing.F) {
	f.Add([]byte(`{"RequestItems":{}}`), "AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY", "", int64(1790000000))
	f.Add([]byte(`{}`), "ASIA", "s", "FwoGZXIvYXdzEBYaD+/=", int64(0))
	f.Add([]byte{}, "", "", strings.Repeat("t", 3000), int64(1<<33))
	f.Fuzz(func(t *testing.T, body []byte, id, secret, token string, at int64) {
		c := aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}
		if !canSign(&c) || at < 0 || at > 1<<37 {
			t.Skip()
		}
		s := &headSigner{region: "eu-west-1", host: "dynamodb.eu-west-1.amazonaws.com"}
		when := time.Unix(at, 0)
		for range 2 { // the second time with the key that was kept
			r := readHead(t, s.appendHead(nil, "BatchWriteItem", body, &c, when), body)
			r.Header.Del("Content-Length")
			if want := bySDK(t, s.host, s.region, "BatchWriteItem", body, c, when); r.Host != s.host || !reflect.DeepEqual(r.Header, want) {
				t.Fatalf("host %q, headers\n%v\nwant\n%v", r.Host, r.Header, want)
			}
		}
	})
}

func TestHeadsAreSignedAsByTheSDK(t *testing.T) {
	s := &headSigner{region: "ap-southeast-2", host: "127.0.0.1:8000"}
	first := aws.Credentials{AccessKeyID: "AKIAIOSFODNN7EXAMPLE", SecretAccessKey: "secret"}
	renewed := aws.Credentials{AccessKeyID: "ASIAIOSFODNN7EXAMPLE", SecretAccessKey: "another", SessionToken: "token"}
	day := time.Date(2026, 11, 23, 23, 59, 59, 0, time.FixedZone("", 3600))
	for _, c := range []struct {
		operation   string
		body        string
		credentials aws.Credentials
		at          time.Time
	}{
		{"BatchWriteItem", "a", first, day},
		{"BatchWriteItem", "b", first, day.Add(2 * time.Hour)}, // the next day, by UTC
		{"PutItem", "b", renewed, day.Add(2 * time.Hour)},
		{"PutItem", "b", first, day},
		{"PutItem", "", first, day},
	} {
		r := readHead(t, s.appendHead(nil, c.operation, []byte(c.body), &c.credentials, c.at), []byte(c.body))
		r.Header.Del("Content-Length")
		if want := bySDK(t, s.host, s.region, c.operation, []byte(c.body), c.credentials, c.at); !reflect.DeepEqual(r.Header, want) {
			t.Errorf("headers\n%v\nwant\n%v", r.Header, want)
		}
	}
}

func TestCredentialsThatWouldBreakAHeadAreLeftToTheSDK(t *testing.T) {
	for _, c := range []aws.Credentials{
		{AccessKeyID: "A", SessionToken: "a b"}, {AccessKeyID: "A", SessionToken: "a\r\nX: y"}, {AccessKeyID: "A\n"}, {AccessKeyID: "A", SessionToken: "ä"},
	} {
		if canSign(&c) {
			t.Errorf("%q, %q would be sent as it is", c.AccessKeyID, c.SessionToken)
		}
	}
}
