package store

import (
	"encoding/base64"
	"errors"
	"fmt"
	"strings"
	"time"
)

// SessionKey is the secret with which the members of a cluster sign their requests to each other. The leader makes one and replaces it from
// time to time. It never appears in a log.
//
// Kafka: org.apache.kafka.connect.runtime.SessionKey.
type SessionKey struct {
	Key       []byte // must not be changed
	Algorithm string // that it was made for, such as HmacSHA256
	Created   time.Time
}

// String leaves the key out.
func (k SessionKey) String() string {
	return fmt.Sprintf("%s key of %s", k.Algorithm, k.Created.UTC().Format(time.RFC3339))
}

// encodeSessionKey returns {"key":"<base64>","algorithm":"HmacSHA256","creation-timestamp":1729800000000}.
func encodeSessionKey(k SessionKey) []byte {
	b := appendText([]byte(`{"key":`), base64.StdEncoding.EncodeToString(k.Key))
	b = appendText(append(b, `,"algorithm":`...), k.Algorithm)
	return fmt.Appendf(b, `,"creation-timestamp":%d}`, k.Created.UnixMilli())
}

// decodeSessionKey reads {"key":"<base64>","algorithm":"HmacSHA256","creation-timestamp":1729800000000}.
func decodeSessionKey(fields map[string]rawJSON) (*SessionKey, error) {
	text, err := textField(fields, "key")
	if err != nil {
		return nil, errors.New(`field "key" is not a text`) // the error of textField would show it
	}
	key, err := base64.RawStdEncoding.DecodeString(strings.TrimRight(text, "="))
	if err != nil || len(key) == 0 {
		return nil, errors.New(`field "key" is not base64`)
	}
	algorithm, err := textField(fields, "algorithm")
	if err != nil || algorithm == "" {
		return nil, errors.New(`field "algorithm" is not a text`)
	}
	created, err := intField(fields, "creation-timestamp")
	if err != nil {
		return nil, err
	}
	return &SessionKey{Key: key, Algorithm: algorithm, Created: time.UnixMilli(created)}, nil
}

func loggerKey(namespace string) string { return loggerPrefix + namespace }

// encodeLoggerLevel returns {"level":"DEBUG"}.
func encodeLoggerLevel(level string) []byte {
	return append(appendText([]byte(`{"level":`), level), '}')
}

// decodeLoggerLevel reads it back. Whether there is such a level is not for the store to say.
func decodeLoggerLevel(fields map[string]rawJSON) (string, error) {
	level, err := textField(fields, "level")
	if err == nil && level == "" {
		err = errors.New(`field "level" is empty`)
	}
	return level, err
}
