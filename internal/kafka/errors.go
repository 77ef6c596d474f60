package kafka

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"slices"

	"github.com/IBM/sarama"
)

var (
	// ErrFenced says that the member no longer belongs to the generation it acted for: its
	// partitions may already be owned by another member. Nothing was committed; the caller drops
	// what it holds, Poll reports the partitions as lost and joins again.
	//
	// Kafka: CommitFailedException, FencedInstanceIdException.
	ErrFenced = errors.New("the group has moved on: this member's generation is no longer current")

	// ErrGroupHasMembers says that the offsets of a group cannot be changed from outside, because members of it live
	// that use them.
	//
	// Kafka: UnknownMemberIdException of alterConsumerGroupOffsets, GroupSubscribedToTopicException of
	// deleteConsumerGroupOffsets, GroupNotEmptyException of deleteConsumerGroups.
	ErrGroupHasMembers = errors.New("the group has members")

	// ErrGroupNotFound says that the coordinator knows no such group.
	//
	// Kafka: GroupIdNotFoundException.
	ErrGroupNotFound = errors.New("there is no such group")

	// ErrClosed says that the client was closed.
	ErrClosed = errors.New("client is closed")
)

// PropertyError refuses one client property. Its text is that of Kafka's ConfigException.
// Value is "[hidden]" for passwords and login configurations.
type PropertyError struct {
	Key, Value, Rule string
}

func (e *PropertyError) Error() string {
	return fmt.Sprintf("Invalid value %s for configuration %s: %s", e.Value, e.Key, e.Rule)
}

// AuthenticationError says that a broker and this client do not trust each other, or that the client has nothing to show: a wrong password, a
// certificate that nobody vouches for, no token. It is not retried; whoever owns the client has to change something. No secret is in it.
//
// Kafka: org.apache.kafka.common.errors.AuthenticationException and its subclasses, whose texts Err has.
type AuthenticationError struct {
	Broker    string // host:port
	Mechanism string // value of sasl.mechanism, or "SSL"
	Err       error
}

func (e *AuthenticationError) Error() string {
	return fmt.Sprintf("broker %s, %s: %v", e.Broker, e.Mechanism, e.Err)
}

// Unwrap returns the cause.
func (e *AuthenticationError) Unwrap() error { return e.Err }

// refusal is an error in the words of a broker or of Java's client, which people search for.
type refusal string

func (r refusal) Error() string { return string(r) }

// UnknownTopicError says that a topic does not exist (or may not be seen, which brokers do not tell apart).
type UnknownTopicError struct {
	Topic string
}

func (e *UnknownTopicError) Error() string {
	return fmt.Sprintf("topic %q does not exist", e.Topic)
}

// RecordTooLargeError says that a producer does not even try to write a record.
//
// Kafka: org.apache.kafka.common.errors.RecordTooLargeException.
type RecordTooLargeError struct {
	Size, Limit int // bytes; the limit is max.request.size
}

func (e *RecordTooLargeError) Error() string {
	return fmt.Sprintf("The message is %d bytes when serialized which is larger than %d, which is the value of the max.request.size configuration.", e.Size, e.Limit)
}

// Unwrap returns what a broker says of a record that is too large for its topic.
func (*RecordTooLargeError) Unwrap() error { return sarama.ErrMessageSizeTooLarge }

// JavaClass returns the name under which Java users know the error; traces show it.
func (*RecordTooLargeError) JavaClass() string {
	return "org.apache.kafka.common.errors.RecordTooLargeException"
}

// TopicPolicyError says that an existing topic cannot be used as a keyed log, and what to change.
//
// Kafka: the ConfigException of TopicAdmin.verifyTopicCleanupPolicyOnlyCompact and KafkaConfigBackingStore.
type TopicPolicyError struct {
	Topic, Message string
}

func (e *TopicPolicyError) Error() string { return e.Message }

// IsAuthorization reports whether err means that the broker refused the client for who it is:
// missing permission on a topic, a group or the cluster, or a failed login.
func IsAuthorization(err error) bool {
	var refused *AuthenticationError
	return errors.As(err, &refused) || anyKError(err, sarama.ErrTopicAuthorizationFailed, sarama.ErrGroupAuthorizationFailed,
		sarama.ErrClusterAuthorizationFailed, sarama.ErrTransactionalIDAuthorizationFailed,
		sarama.ErrDelegationTokenAuthorizationFailed, sarama.ErrSASLAuthenticationFailed,
		sarama.ErrSecurityDisabled)
}

// retriableCodes are the broker errors after which the same request may succeed later.
// Kafka: the subclasses of org.apache.kafka.common.errors.RetriableException.
var retriableCodes = []error{
	sarama.ErrInvalidMessage, sarama.ErrUnknownTopicOrPartition, sarama.ErrLeaderNotAvailable,
	sarama.ErrNotLeaderForPartition, sarama.ErrRequestTimedOut, sarama.ErrBrokerNotAvailable,
	sarama.ErrReplicaNotAvailable, sarama.ErrNetworkException, sarama.ErrOffsetsLoadInProgress,
	sarama.ErrConsumerCoordinatorNotAvailable, sarama.ErrNotCoordinatorForConsumer,
	sarama.ErrNotEnoughReplicas, sarama.ErrNotEnoughReplicasAfterAppend, sarama.ErrNotController,
	sarama.ErrKafkaStorageError, sarama.ErrFencedLeaderEpoch, sarama.ErrUnknownLeaderEpoch,
	sarama.ErrOffsetNotAvailable, sarama.ErrPreferredLeaderNotAvailable, sarama.ErrUnstableOffsetCommit,
	sarama.ErrThrottlingQuotaExceeded, sarama.ErrRebalanceInProgress, sarama.ErrFetchSessionIDNotFound,
	sarama.ErrListenerNotFound, sarama.ErrConcurrentTransactions,
}

// IsRetriable reports whether err may go away by itself: the broker cannot be reached, a connection
// broke, a leader or coordinator is moving, replicas are missing, time ran out. A cancelled context is
// not retriable.
//
// Kafka: org.apache.kafka.common.errors.RetriableException.
func IsRetriable(err error) bool {
	if err == nil || errors.Is(err, context.Canceled) || errors.Is(err, ErrClosed) || IsAuthorization(err) {
		return false
	}
	if anyKError(err, retriableCodes...) {
		return true
	}
	return isConnectionError(err)
}

// isConnectionError reports whether err is a failure to reach a broker rather than its answer.
func isConnectionError(err error) bool {
	var refused *AuthenticationError
	if errors.As(err, &refused) { // whatever its cause: a connection would end the same way again
		return false
	}
	var netErr net.Error
	var unreachable *unreachableError
	return errors.As(err, &netErr) || errors.As(err, &unreachable) ||
		errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.ErrClosedPipe) ||
		errors.Is(err, net.ErrClosed) || errors.Is(err, sarama.ErrNotConnected) ||
		errors.Is(err, sarama.ErrOutOfBrokers) || errors.Is(err, sarama.ErrBrokerNotFound)
}

// anyKError reports whether err is, or wraps, one of the given sarama errors.
func anyKError(err error, codes ...error) bool {
	return slices.ContainsFunc(codes, func(code error) bool { return errors.Is(err, code) })
}

// unreachableError says that none of the known brokers could be asked.
type unreachableError struct {
	addresses string
	err       error
}

func (e *unreachableError) Error() string {
	return fmt.Sprintf("cannot reach Kafka at %s: %v", e.addresses, e.err)
}

func (e *unreachableError) Unwrap() error { return e.err }
