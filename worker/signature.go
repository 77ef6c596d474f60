package worker

import (
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/sha3"
	"crypto/sha512"
	"fmt"
	"hash"
	"slices"
	"strings"

	"sluice/internal/javabase64"
	"sluice/worker/store"
)

// RequestSignature shows that a request comes from a worker of the cluster: a MAC of its body, made with the cluster's session key.
//
// Kafka: org.apache.kafka.connect.runtime.rest.InternalRequestSignature.
type RequestSignature struct {
	algorithm string // as given, known to newMAC
	mac       []byte
	body      []byte
}

// ParseRequestSignature reads the values of the headers X-Connect-Request-Signature-Algorithm and X-Connect-Authorization of a request with
// the given body, which must not be changed afterwards. The error is a [*BadRequestError] for an algorithm that does not exist, or for what
// is not base64 in Java's eyes. Nothing is verified yet.
func ParseRequestSignature(algorithm, signature string, body []byte) (*RequestSignature, error) {
	if newMAC(algorithm) == nil {
		return nil, &BadRequestError{Message: "Algorithm " + algorithm + " not available"}
	}
	mac, err := javabase64.Decode(signature)
	if err != nil {
		return nil, &BadRequestError{Message: err.Error()}
	}
	return &RequestSignature{algorithm: algorithm, mac: mac, body: body}, nil
}

// check decides whether a request is signed as it has to be; s is nil if it is not signed, key if the worker does not know the key yet.
//
// Kafka: DistributedHerder.requestNotSignedProperly.
func (s *RequestSignature) check(allowed []string, key *store.SessionKey) error {
	switch {
	case s == nil:
		return &BadRequestError{Message: "Internal request missing required signature"}
	case !slices.Contains(allowed, s.algorithm):
		return &BadRequestError{Message: fmt.Sprintf("This worker does not support the '%s' key signing algorithm used by other workers. "+
			"This worker is currently configured to use: [%s]. Check that all workers' configuration files permit the same set of signature algorithms, "+
			"and correct any misconfigured worker and restart it.", s.algorithm, strings.Join(allowed, ", "))}
	case key == nil:
		return &UnavailableError{Message: "This worker is still starting up and has not been able to read a session key from the config topic yet"}
	}
	mac := hmac.New(newMAC(s.algorithm), key.Key)
	mac.Write(s.body)
	if !hmac.Equal(mac.Sum(nil), s.mac) {
		return &ForbiddenError{Message: "Internal request contained invalid signature."}
	}
	return nil
}

// newMAC returns the hash of a MAC algorithm, whose name may be in any case; nil for a name that is not known.
func newMAC(algorithm string) func() hash.Hash {
	return macs[strings.ToUpper(algorithm)]
}

// macs are the algorithms, by their names in upper case.
var macs = map[string]func() hash.Hash{
	"HMACMD5":        md5.New,
	"HMACSHA1":       sha1.New,
	"HMACSHA224":     sha256.New224,
	"HMACSHA256":     sha256.New,
	"HMACSHA384":     sha512.New384,
	"HMACSHA512":     sha512.New,
	"HMACSHA512/224": sha512.New512_224,
	"HMACSHA512/256": sha512.New512_256,
	"HMACSHA3-224":   func() hash.Hash { return sha3.New224() },
	"HMACSHA3-256":   func() hash.Hash { return sha3.New256() },
	"HMACSHA3-384":   func() hash.Hash { return sha3.New384() },
	"HMACSHA3-512":   func() hash.Hash { return sha3.New512() },
}
