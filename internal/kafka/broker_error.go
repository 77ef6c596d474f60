package kafka

import "github.com/IBM/sarama"

// BrokerError is what a broker answers instead of doing what it was asked, about a topic or a batch of records.
//
// Kafka: org.apache.kafka.common.errors.ApiException and its subclasses, org.apache.kafka.common.protocol.Errors.
type BrokerError struct {
	code    sarama.KError
	message string // the broker's, "" if it has none
}

// brokerError returns the error for a code and, if there is one, the broker's message.
func brokerError(code sarama.KError, message *string) error {
	e := &BrokerError{code: code}
	if message != nil {
		e.message = *message
	}
	return e
}

// Error returns the broker's message, or what its code means.
func (e *BrokerError) Error() string {
	if e.message != "" {
		return e.message
	}
	return e.code.Error()
}

// Is reports whether target is the code.
func (e *BrokerError) Is(target error) bool { return e.code == target }

// JavaClass returns the name under which Java users know the error; traces show it.
func (e *BrokerError) JavaClass() string {
	name, ok := brokerErrorClasses[e.code]
	if !ok {
		return "org.apache.kafka.common.errors.ApiException"
	}
	return "org.apache.kafka.common.errors." + name
}

// brokerErrorClasses are those of what brokers say of topics and batches.
var brokerErrorClasses = map[sarama.KError]string{
	sarama.ErrUnknown:                      "UnknownServerException",
	sarama.ErrInvalidMessage:               "CorruptRecordException",
	sarama.ErrUnknownTopicOrPartition:      "UnknownTopicOrPartitionException",
	sarama.ErrLeaderNotAvailable:           "LeaderNotAvailableException",
	sarama.ErrNotLeaderForPartition:        "NotLeaderOrFollowerException",
	sarama.ErrRequestTimedOut:              "TimeoutException",
	sarama.ErrMessageSizeTooLarge:          "RecordTooLargeException",
	sarama.ErrNetworkException:             "NetworkException",
	sarama.ErrInvalidTopic:                 "InvalidTopicException",
	sarama.ErrMessageSetSizeTooLarge:       "RecordBatchTooLargeException",
	sarama.ErrNotEnoughReplicas:            "NotEnoughReplicasException",
	sarama.ErrNotEnoughReplicasAfterAppend: "NotEnoughReplicasAfterAppendException",
	sarama.ErrInvalidRequiredAcks:          "InvalidRequiredAcksException",
	sarama.ErrTopicAuthorizationFailed:     "TopicAuthorizationException",
	sarama.ErrClusterAuthorizationFailed:   "ClusterAuthorizationException",
	sarama.ErrInvalidTimestamp:             "InvalidTimestampException",
	sarama.ErrUnsupportedVersion:           "UnsupportedVersionException",
	sarama.ErrTopicAlreadyExists:           "TopicExistsException",
	sarama.ErrInvalidPartitions:            "InvalidPartitionsException",
	sarama.ErrInvalidReplicationFactor:     "InvalidReplicationFactorException",
	sarama.ErrInvalidReplicaAssignment:     "InvalidReplicaAssignmentException",
	sarama.ErrInvalidConfig:                "InvalidConfigurationException",
	sarama.ErrNotController:                "NotControllerException",
	sarama.ErrInvalidRequest:               "InvalidRequestException",
	sarama.ErrUnsupportedForMessageFormat:  "UnsupportedForMessageFormatException",
	sarama.ErrPolicyViolation:              "PolicyViolationException",
	sarama.ErrOutOfOrderSequenceNumber:     "OutOfOrderSequenceException",
	sarama.ErrInvalidProducerEpoch:         "InvalidProducerEpochException",
	sarama.ErrSecurityDisabled:             "SecurityDisabledException",
	sarama.ErrKafkaStorageError:            "KafkaStorageException",
	sarama.ErrUnknownProducerID:            "UnknownProducerIdException",
	sarama.ErrUnsupportedCompressionType:   "UnsupportedCompressionTypeException",
	sarama.ErrInvalidRecord:                "InvalidRecordException",
	sarama.ErrThrottlingQuotaExceeded:      "ThrottlingQuotaExceededException",
}
