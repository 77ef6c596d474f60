package bench

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"time"

	"testing"

	"github.com/IBM/sarama"
	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
)

// handmade is what someone would write who wants nothing but speed: sarama reads the partitions, each record's JSON becomes an item in one pass
// behind those of its batch, full batches are signed by the SDK's signer and posted with net/http, so many at once. It knows no keys, so two writes of
// one may overtake each other; it commits nothing, and an error ends it.
type handmade struct {
	endpoint string
	client   *http.Client
	signer   *v4.Signer
	batches  chan []byte
	spare    chan []byte
}

const (
	handmadeCalls = 32 // at once, as many as the sink starts with
	handmadeBatch = 25
)

const batchHead = `{"RequestItems":{"` + stubTable + `":[`

// runHandmade is this binary as the hand-made program: broker, topic and endpoint are its arguments.
func runHandmade() int {
	h := &handmade{
		endpoint: os.Args[3], signer: v4.NewSigner(),
		client:  &http.Client{Transport: &http.Transport{MaxIdleConns: handmadeCalls, MaxIdleConnsPerHost: handmadeCalls, DisableCompression: true}},
		batches: make(chan []byte, handmadeCalls), spare: make(chan []byte, 3*handmadeCalls),
	}
	err := h.run(os.Args[1], os.Args[2])
	fmt.Fprintln(os.Stderr, err)
	return 1
}

func (h *handmade) run(bootstrap, topic string) error {
	config := sarama.NewConfig()
	config.Version = sarama.V3_6_0_0
	config.ChannelBufferSize = 4096
	config.Consumer.MaxProcessingTime = time.Minute // a partition that waits for a call is not slow
	consumer, err := sarama.NewConsumer([]string{bootstrap}, config)
	if err != nil {
		return err
	}
	partitions, err := consumer.Partitions(topic)
	if err != nil {
		return err
	}
	failed := make(chan error)
	for _, p := range partitions {
		reader, err := consumer.ConsumePartition(topic, p, sarama.OffsetOldest)
		if err != nil {
			return err
		}
		go func() { failed <- h.read(reader.Messages()) }()
	}
	for range handmadeCalls {
		go func() { failed <- h.send() }()
	}
	return <-failed
}

// read puts batches together.
func (h *handmade) read(messages <-chan *sarama.ConsumerMessage) error {
	body, n := []byte(nil), 0
	for m := range messages {
		if n == 0 {
			select {
			case body = <-h.spare:
			default:
				body = make([]byte, 0, 16<<10)
			}
			body = append(body[:0], batchHead...)
		} else {
			body = append(body, ',')
		}
		body = append(body, `{"PutRequest":{"Item":`...)
		var err error
		if body, err = appendItem(body, m.Value); err != nil {
			return err
		}
		body = append(body, `}}`...)
		if n++; n == handmadeBatch {
			h.batches <- append(body, `]}}`...)
			n = 0
		}
	}
	return errors.New("the partition has ended")
}

// appendItem writes a flat object as an item.
func appendItem(b, text []byte) ([]byte, error) {
	bad := fmt.Errorf("not a flat object: %s", text)
	if len(text) < 2 || text[0] != '{' {
		return nil, bad
	}
	b = append(b, '{')
	for i := 1; ; {
		name, ok := textAt(text, i)
		if !ok || i+len(name)+1 >= len(text) || text[i+len(name)] != ':' {
			return nil, bad
		}
		i += len(name) + 1
		b = append(append(b, name...), `:{"`...)
		switch c := text[i]; {
		case c == '"':
			value, ok := textAt(text, i)
			if !ok {
				return nil, bad
			}
			b = append(append(append(b, `S":`...), value...), '}')
			i += len(value)
		case c == '-' || '0' <= c && c <= '9':
			end := bytes.IndexAny(text[i:], ",}")
			if end < 0 {
				return nil, bad
			}
			b = append(append(append(b, `N":"`...), text[i:i+end]...), `"}`...)
			i += end
		default:
			return nil, bad
		}
		if i >= len(text) {
			return nil, bad
		}
		b = append(b, text[i])
		if text[i] == '}' {
			return b, nil
		}
		i++
	}
}

// textAt is the text that begins at a quote, with its quotes.
func textAt(text []byte, begin int) ([]byte, bool) {
	if begin >= len(text) || text[begin] != '"' {
		return nil, false
	}
	for i := begin + 1; i < len(text); {
		end := bytes.IndexByte(text[i:], '"')
		if end < 0 {
			return nil, false
		}
		i += end + 1
		if text[i-2] != '\\' {
			return text[begin:i], true
		}
	}
	return nil, false
}

// send posts batches, one after the other.
func (h *handmade) send() error {
	ctx := context.Background()
	credentials := aws.Credentials{AccessKeyID: stubAccessKey, SecretAccessKey: stubSecret}
	for body := range h.batches {
		r, err := http.NewRequestWithContext(ctx, http.MethodPost, h.endpoint, bytes.NewReader(body))
		if err != nil {
			return err
		}
		r.Header = http.Header{"Content-Type": {"application/x-amz-json-1.0"}, "X-Amz-Target": {"DynamoDB_20120810.BatchWriteItem"}}
		sum := sha256.Sum256(body)
		if err := h.signer.SignHTTP(ctx, credentials, r, hex.EncodeToString(sum[:]), "dynamodb", stubRegion, time.Now()); err != nil {
			return err
		}
		response, err := h.client.Do(r)
		if err != nil {
			return err
		}
		answer, err := io.ReadAll(response.Body)
		response.Body.Close()
		if err != nil || response.StatusCode != http.StatusOK || string(answer) != `{"UnprocessedItems":{}}` {
			return fmt.Errorf("%d %s, %w", response.StatusCode, answer, err)
		}
		select {
		case h.spare <- body:
		default:
		}
	}
	return nil
}

// handmadeSpeed measures it as the worker is measured.
func handmadeSpeed(b *testing.B, r stream, warm, count int) sinkCost {
	b.Helper()
	bootstrap := brokerAddress(b)
	fillTopic(b, bootstrap, r.topic, r.partitions, "none", r.n, r.message)
	stub := startStub(b, faults{})
	p, err := startProcess("handmade", self(handmadeRole, bootstrap, r.topic, stub.endpoint))
	must(b, err)
	b.Cleanup(p.kill)
	cost := stub.costBetween(b, p, warm, count)
	p.kill()
	stub.check(b)
	stub.kill()
	return cost
}
