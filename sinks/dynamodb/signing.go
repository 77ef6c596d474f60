package dynamodb

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"hash"
	"strconv"
	"sync"
	"sync/atomic"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
)

const (
	contentType  = "application/x-amz-json-1.0"
	targetPrefix = "DynamoDB_20120810." // begins X-Amz-Target, before the operation
	userAgent    = "sluice-dynamodb-sink"

	amzTime = "20060102T150405Z"
	amzDay  = len("20060102")
)

// headSigner writes the heads of requests, signed by AWS Signature Version 4. It does what the SDK's signer does for the one kind of request that the write
// path makes, POST to the root of an endpoint with the same few headers, byte for byte the same (TestHeadsAreSignedAsByTheSDK), for a
// fifth of its processor time: there is no header map to copy, sort and clean, and the key is derived once a day.
type headSigner struct {
	region string
	host   string // as the Host header has it

	key     atomic.Pointer[signingKey]
	scratch sync.Pool // of *signingScratch
}

// signingKey is derived from credentials for a day.
type signingKey struct {
	of     string // the secret access key
	day    string
	scope  string // 20261123/eu-west-1/dynamodb/aws4_request
	secret []byte
}

// signingScratch is what one signature needs besides the key.
type signingScratch struct {
	key       *signingKey
	mac       hash.Hash // with the secret of key
	canonical []byte
	sum       [sha256.Size]byte
}

// canSign reports whether credentials can stand in a head as they are. A space in the token would have to be normalised, and a line end would begin another
// header; such credentials do not exist, but the SDK's signer and net/http are there to say so.
func canSign(c *aws.Credentials) bool {
	for _, text := range []string{c.AccessKeyID, c.SessionToken} {
		for i := range len(text) {
			if text[i] <= ' ' || text[i] >= 0x7f {
				return false
			}
		}
	}
	return true
}

// appendHead appends the head of a request with the given body, up to and with the empty line.
func (s *headSigner) appendHead(dst []byte, operation string, body []byte, credentials *aws.Credentials, at time.Time) []byte {
	var timeBuffer [len(amzTime)]byte
	now := at.UTC().AppendFormat(timeBuffer[:0], amzTime)
	key := s.keyFor(credentials, now[:amzDay])
	scratch, _ := s.scratch.Get().(*signingScratch)
	if scratch == nil {
		scratch = &signingScratch{}
	}
	if scratch.key != key {
		scratch.key, scratch.mac = key, hmac.New(sha256.New, key.secret)
	}
	token := credentials.SessionToken
	signed := "content-length;content-type;host;x-amz-date;x-amz-target"
	if token != "" {
		signed = "content-length;content-type;host;x-amz-date;x-amz-security-token;x-amz-target"
	}

	c := append(scratch.canonical[:0], "POST\n/\n\n"...)
	if len(body) > 0 {
		c = append(strconv.AppendInt(append(c, "content-length:"...), int64(len(body)), 10), '\n')
	} else {
		signed = signed[len("content-length;"):]
	}
	c = append(c, "content-type:"+contentType+"\nhost:"...)
	c = append(append(c, s.host...), "\nx-amz-date:"...)
	c = append(append(c, now...), '\n')
	if token != "" {
		c = append(append(append(c, "x-amz-security-token:"...), token...), '\n')
	}
	c = append(append(append(c, "x-amz-target:"+targetPrefix...), operation...), "\n\n"...)
	c = append(append(c, signed...), '\n')
	scratch.sum = sha256.Sum256(body)
	c = hex.AppendEncode(c, scratch.sum[:])
	scratch.sum = sha256.Sum256(c)

	c = append(append(c[:0], "AWS4-HMAC-SHA256\n"...), now...)
	c = append(append(append(c, '\n'), key.scope...), '\n')
	c = hex.AppendEncode(c, scratch.sum[:])
	scratch.mac.Reset()
	scratch.mac.Write(c)
	signature := scratch.mac.Sum(scratch.sum[:0])

	dst = append(append(dst, "POST / HTTP/1.1\r\nHost: "...), s.host...)
	dst = append(dst, "\r\nUser-Agent: "+userAgent+"\r\nContent-Length: "...)
	dst = strconv.AppendInt(dst, int64(len(body)), 10)
	dst = append(append(dst, "\r\nAuthorization: AWS4-HMAC-SHA256 Credential="...), credentials.AccessKeyID...)
	dst = append(append(dst, '/'), key.scope...)
	dst = append(append(dst, ", SignedHeaders="...), signed...)
	dst = hex.AppendEncode(append(dst, ", Signature="...), signature)
	dst = append(append(dst, "\r\nContent-Type: "+contentType+"\r\nX-Amz-Date: "...), now...)
	if token != "" {
		dst = append(append(dst, "\r\nX-Amz-Security-Token: "...), token...)
	}
	dst = append(append(append(dst, "\r\nX-Amz-Target: "+targetPrefix...), operation...), "\r\n\r\n"...)

	scratch.canonical = c
	s.scratch.Put(scratch)
	return dst
}

// keyFor returns the key of credentials for a day, which is derived when either has changed.
func (s *headSigner) keyFor(c *aws.Credentials, day []byte) *signingKey {
	if k := s.key.Load(); k != nil && k.day == string(day) && k.of == c.SecretAccessKey {
		return k
	}
	k := &signingKey{of: c.SecretAccessKey, day: string(day)}
	k.scope = k.day + "/" + s.region + "/dynamodb/aws4_request"
	k.secret = []byte("AWS4" + c.SecretAccessKey)
	for _, part := range []string{k.day, s.region, "dynamodb", "aws4_request"} {
		mac := hmac.New(sha256.New, k.secret)
		mac.Write([]byte(part))
		k.secret = mac.Sum(nil)
	}
	s.key.Store(k)
	return k
}
