package kafka

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/IBM/sarama"
)

// cluster knows the brokers: who leads a partition, who coordinates a group, and where any broker can
// be asked. It asks over a connection of its own and is safe for concurrent use.
type cluster struct {
	net      *network
	settings *settings
	outage   *outage
	logger   *slog.Logger // of the client
	unnamed  *slog.Logger // as given, to be named by what logs

	turn chan struct{} // held by the one that uses conn; a channel, so that waiting obeys a context
	conn *conn

	mu        sync.Mutex
	brokers   map[int32]string // id to address
	id        string
	control   int32 // id of the controller
	topics    map[string]topicInfo
	refreshed time.Time
}

// topicInfo is what is known about one topic.
type topicInfo struct {
	err        error // why there are no partitions
	internal   bool  // the brokers' own
	partitions map[int32]leader
}

// leader is the broker that a partition is read from and written to. addr is empty while there is none.
type leader struct {
	addr  string
	epoch int32
}

// newCluster makes what a client knows of the brokers. The client logs under the given name.
func newCluster(s *settings, unnamed *slog.Logger, name string) *cluster {
	logger := named(unnamed, name)
	for _, warning := range s.warnings {
		logger.Warn(warning, "client.id", s.clientID)
	}
	return &cluster{
		net: newNetwork(s), settings: s, logger: logger, unnamed: unnamed, outage: newOutage(named(unnamed, networkLogger)),
		turn: make(chan struct{}, 1), topics: make(map[string]topicInfo), control: -1,
	}
}

// close closes the connection. No other method may be running or be called afterwards.
func (c *cluster) close() {
	if c.conn != nil {
		c.conn.close()
	}
	c.net.release()
}

// candidates are the addresses to ask: known brokers first, then the configured ones.
func (c *cluster) candidates() []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	addrs := slices.Sorted(maps.Values(c.brokers))
	for _, addr := range c.settings.addresses {
		if !slices.Contains(addrs, addr) {
			addrs = append(addrs, addr)
		}
	}
	return addrs
}

// ask sends a request that any broker can answer to one that is reachable. When none is, the error
// is an *unreachableError that names all addresses.
func (c *cluster) ask(ctx context.Context, request func(*sarama.Broker) error) error {
	addrs := c.candidates()
	err := c.askOneOf(ctx, addrs, request)
	if err != nil && ctx.Err() == nil && isConnectionError(err) {
		c.outage.allFailed(err, addrs)
		return &unreachableError{strings.Join(addrs, ","), err}
	}
	return err
}

// at is the sender of requests that one particular broker has to answer.
func (c *cluster) at(addr string) sender {
	return func(ctx context.Context, request func(*sarama.Broker) error) error {
		err := c.askOneOf(ctx, []string{addr}, request)
		if err != nil && ctx.Err() == nil && isConnectionError(err) {
			c.outage.failed(err, addr)
		}
		return err
	}
}

// askOneOf asks the first of addrs that can be asked.
func (c *cluster) askOneOf(ctx context.Context, addrs []string, request func(*sarama.Broker) error) error {
	select {
	case c.turn <- struct{}{}:
		defer func() { <-c.turn }()
	case <-ctx.Done():
		return ctx.Err()
	}
	// Keep to the connection there is, if it leads to one of addrs.
	if c.conn != nil && slices.Contains(addrs, c.conn.addr) {
		addrs = append([]string{c.conn.addr}, slices.DeleteFunc(slices.Clone(addrs), func(a string) bool { return a == c.conn.addr })...)
	}
	var err error
	for _, addr := range addrs {
		if c.conn == nil || c.conn.addr != addr {
			if c.conn != nil {
				c.conn.close()
			}
			c.conn = c.net.conn(addr)
		}
		if err = c.conn.do(ctx, c.settings.requestTimeout, request); err == nil {
			c.outage.worked(addr)
			return nil
		}
		if ctx.Err() != nil || !isConnectionError(err) {
			return err
		}
	}
	return err
}

// refresh asks for the metadata of topics (nil: of all topics) and remembers it. With create, the
// broker may create those that are missing, if it is configured to.
func (c *cluster) refresh(ctx context.Context, topics []string, create bool) error {
	req := &sarama.MetadataRequest{Version: 11, Topics: topics, AllowAutoTopicCreation: create}
	resp, err := exchange(ctx, c.ask, (*sarama.Broker).GetMetadata, req)
	if err != nil {
		return fmt.Errorf("fetch metadata: %w", err)
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.brokers = make(map[int32]string, len(resp.Brokers))
	for _, b := range resp.Brokers {
		c.brokers[b.ID()] = b.Addr()
	}
	c.control = resp.ControllerID
	if resp.ClusterID != nil {
		c.id = *resp.ClusterID
	}
	c.refreshed = time.Now()
	if topics == nil {
		clear(c.topics)
	}
	for _, t := range resp.Topics {
		c.topics[t.Name] = c.readTopic(t)
	}
	return nil
}

// readTopic turns a topic's metadata into a topicInfo. c.mu is held.
func (c *cluster) readTopic(t *sarama.TopicMetadata) topicInfo {
	info := topicInfo{internal: t.IsInternal, partitions: make(map[int32]leader, len(t.Partitions))}
	if t.Err != sarama.ErrNoError {
		info.err = t.Err
		if t.Err == sarama.ErrUnknownTopicOrPartition {
			info.err = &UnknownTopicError{t.Name}
		}
	}
	for _, p := range t.Partitions {
		info.partitions[p.ID] = leader{addr: c.brokers[p.Leader], epoch: p.LeaderEpoch}
	}
	return info
}

// partitions returns the partitions of a topic as of the last refresh, or why there are none.
func (c *cluster) partitions(topic string) ([]int32, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	info, ok := c.topics[topic]
	switch {
	case !ok:
		return nil, &UnknownTopicError{topic}
	case info.err != nil:
		return nil, info.err
	}
	return slices.Sorted(maps.Keys(info.partitions)), nil
}

// topicNames returns the topics that exist as of the last refresh, sorted.
func (c *cluster) topicNames(excludeInternal bool) []string {
	c.mu.Lock()
	defer c.mu.Unlock()
	var names []string
	for name, info := range c.topics {
		var unknown *UnknownTopicError
		if !errors.As(info.err, &unknown) && !(info.internal && excludeInternal) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	return names
}

// leader returns the leader of tp as of the last refresh; its addr is empty when none is known.
func (c *cluster) leader(tp TopicPartition) leader {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.topics[tp.Topic].partitions[tp.Partition]
}

// requirePartitions refreshes topics until each of them has partitions with leaders or is known not
// to exist (an *UnknownTopicError). Retriable trouble is retried until ctx ends.
func (c *cluster) requirePartitions(ctx context.Context, topics ...string) ([]TopicPartition, error) {
	var found []TopicPartition
	err := c.retry(ctx, func() error {
		if err := c.refresh(ctx, topics, false); err != nil {
			return err
		}
		found = found[:0]
		for _, topic := range topics {
			parts, err := c.partitions(topic)
			if err != nil {
				return err
			}
			for _, p := range parts {
				tp := TopicPartition{topic, p}
				if c.leader(tp).addr == "" {
					return fmt.Errorf("partition %s: %w", tp, sarama.ErrLeaderNotAvailable)
				}
				found = append(found, tp)
			}
		}
		return nil
	})
	return found, err
}

// retry repeats attempt, with back-off, while its error is retriable and ctx lives. When ctx ends,
// the error is the last one of attempt, if there was one, with ctx's.
func (c *cluster) retry(ctx context.Context, attempt func() error) error {
	pause := c.settings.newBackoff()
	var last error
	for {
		err := attempt()
		switch {
		case err == nil:
			return nil
		case ctx.Err() != nil:
			if last != nil {
				return fmt.Errorf("%w: %w", ctx.Err(), last)
			}
			return err
		case !IsRetriable(err):
			return err
		}
		last = err
		if ctxErr := pause.wait(ctx); ctxErr != nil {
			return fmt.Errorf("%w: %w", ctxErr, last)
		}
	}
}

// coordinator returns the address of the broker that coordinates group.
func (c *cluster) coordinator(ctx context.Context, group string) (string, error) {
	addr, err := c.coordinatorOf(ctx, sarama.CoordinatorGroup, group)
	if err != nil {
		return "", fmt.Errorf("find the coordinator of group %q: %w", group, err)
	}
	return addr, nil
}

// transactionCoordinator returns the address of the broker that coordinates the transactions of an id.
func (c *cluster) transactionCoordinator(ctx context.Context, id string) (string, error) {
	addr, err := c.coordinatorOf(ctx, sarama.CoordinatorTransaction, id)
	if err != nil {
		return "", fmt.Errorf("find the coordinator of transactional id %q: %w", id, err)
	}
	return addr, nil
}

func (c *cluster) coordinatorOf(ctx context.Context, kind sarama.CoordinatorType, key string) (string, error) {
	req := &sarama.FindCoordinatorRequest{Version: 3, CoordinatorKey: key, CoordinatorType: kind}
	resp, err := exchange(ctx, c.ask, (*sarama.Broker).FindCoordinator, req)
	switch {
	case err != nil:
		return "", err
	case resp.Err != sarama.ErrNoError:
		return "", resp.Err
	case resp.Coordinator == nil:
		return "", sarama.ErrConsumerCoordinatorNotAvailable
	}
	return resp.Coordinator.Addr(), nil
}

// controllerAddr returns the address of the controller as of the last refresh, or "" when unknown.
func (c *cluster) controllerAddr() string {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.brokers[c.control]
}
