package worker

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"sluice/connect"
	"sluice/internal/kafka"
	"sluice/worker/provider"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// ConnectorOffsets answers GET /connectors/{name}/offsets: the committed offsets of a sink's consumer group.
//
//	{"offsets":[{"partition":{"kafka_partition":0,"kafka_topic":"orders"},"offset":{"kafka_offset":5000}}]}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConnectorOffsets, SinkUtils.consumerGroupOffsetsToConnectorOffsets.
type ConnectorOffsets struct {
	Offsets []SinkOffset `json:"offsets"` // by topic and partition; never nil
}

// SinkOffset is the offset of one partition.
type SinkOffset struct {
	Partition SinkPartition `json:"partition"`
	Offset    SinkPosition  `json:"offset"`
}

// SinkPartition names a partition of a topic.
type SinkPartition struct {
	Partition int32  `json:"kafka_partition"`
	Topic     string `json:"kafka_topic"`
}

// SinkPosition is where a sink reads on: the offset of the next record.
type SinkPosition struct {
	Offset int64 `json:"kafka_offset"`
}

// Message says what was done.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.Message.
type Message struct {
	Message string `json:"message"`
}

// groupOffsets is what the offsets API needs of Kafka; [kafka.Admin] is one.
type groupOffsets interface {
	GroupOffsets(ctx context.Context, group string) (map[kafka.TopicPartition]kafka.OffsetAndMetadata, error)
	AlterGroupOffsets(ctx context.Context, group string, offsets map[kafka.TopicPartition]kafka.OffsetAndMetadata) error
	DeleteGroupOffsets(ctx context.Context, group string, parts []kafka.TopicPartition) error
	DeleteGroup(ctx context.Context, group string) error
	Close() error
}

// newGroupOffsets connects to nothing. The client logs nothing: what it cannot do is in its errors, and settings of no effect are those
// of the worker or connector, which have been told of when those started.
func newGroupOffsets(properties kafka.Properties) (groupOffsets, error) {
	return kafka.NewAdmin(kafka.AdminConfig{Properties: properties, Timeout: requestTimeout})
}

// ConnectorOffsets reads the committed offsets of a connector's consumer group, whatever state the connector is in. It asks Kafka, in the
// caller's goroutine, until ctx ends.
//
// Kafka: AbstractHerder.connectorOffsets, Worker.sinkConnectorOffsets.
func (h *Herder) ConnectorOffsets(ctx context.Context, name string) (ConnectorOffsets, error) {
	config, ok := h.configs.Snapshot().ConnectorConfig(name)
	if !ok {
		return ConnectorOffsets{}, notFound(name)
	}
	g, err := h.offsetsOf(name, config)
	if err != nil {
		return ConnectorOffsets{}, err
	}
	defer g.close()
	committed, err := g.GroupOffsets(ctx, g.group)
	if err != nil {
		err = &ConnectError{Message: "Failed to retrieve consumer group offsets for sink connector " + name, Err: err}
		h.logOffsetsFailure(g, err)
		return ConnectorOffsets{}, err
	}
	all := ConnectorOffsets{Offsets: make([]SinkOffset, 0, len(committed))}
	for tp, o := range committed {
		all.Offsets = append(all.Offsets, SinkOffset{SinkPartition{tp.Partition, tp.Topic}, SinkPosition{o.Offset}})
	}
	slices.SortFunc(all.Offsets, func(a, b SinkOffset) int {
		return cmp.Or(cmp.Compare(a.Partition.Topic, b.Partition.Topic), cmp.Compare(a.Partition.Partition, b.Partition.Partition))
	})
	return all, nil
}

// AlterOffsets changes committed offsets of a connector that is stopped. Partitions that are not named keep theirs. When it fails some of
// the changes may have been made.
//
// The error is a [*NotFoundError], a [*BadRequestError] for a connector that is not stopped or for a change that cannot be read, a
// [*TimeoutError], or a [*ConnectError].
//
// Kafka: DistributedHerder.modifyConnectorOffsets, Worker.modifySinkConnectorOffsets.
func (h *Herder) AlterOffsets(ctx context.Context, name string, changes []OffsetChange) (Message, error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, c *offsetsChange) error { return c.alter(ctx, changes) })
}

// ResetOffsets removes the consumer group of a connector that is stopped, with all its offsets; a group that does not exist is reset
// already. The errors are those of [Herder.AlterOffsets].
//
// Kafka: DistributedHerder.modifyConnectorOffsets, Worker.modifySinkConnectorOffsets.
func (h *Herder) ResetOffsets(ctx context.Context, name string) (Message, error) {
	return h.modifyOffsets(ctx, name, func(ctx context.Context, c *offsetsChange) error { return c.reset(ctx) })
}

// offsetsGrace is how long a change of offsets may go on after its connector was deleted. Kafka carries it out; here the round waits for it,
// and so do others.
const offsetsGrace = 2 * time.Second

// modifyOffsets answers a request by a job on the connector's lane: what starts or stops the connector comes before it or after it, so
// that a connector which is resumed meanwhile starts from the new offsets. It waits for the end of a round, in which the tasks of
// a connector that was stopped just now leave their group.
func (h *Herder) modifyOffsets(ctx context.Context, name string, modify func(context.Context, *offsetsChange) error) (Message, error) {
	return ask(ctx, h, func(reply func(Message, error)) {
		h.whenSettled(func() {
			var message Message
			var err error
			c := h.connectors[name]
			l := &lane{} // of a connector that does not run here
			if c != nil {
				l = &c.lane
			}
			h.do(l, job{
				stage: "modifying offsets for connector " + name,
				begin: func() func(context.Context) {
					var config store.Properties
					if config, err = h.checkStopped(ctx, name); err != nil {
						return nil
					}
					jobCtx, cancel := context.WithTimeout(h.writeCtx, requestTimeout)
					if c != nil {
						c.giveUp = func() { time.AfterFunc(offsetsGrace, cancel) }
					}
					return func(context.Context) {
						defer cancel()
						message, err = h.modifyOffsetsNow(jobCtx, name, config, modify)
					}
				},
				end: func() { reply(message, err) },
			})
		})
	})
}

// checkStopped returns the configuration of a connector that has no tasks and is not to have any.
//
// Kafka: DistributedHerder.modifyConnectorOffsetsChecks.
func (h *Herder) checkStopped(ctx context.Context, name string) (store.Properties, error) {
	if err := ctx.Err(); err != nil { // nobody waits for it any more
		return nil, err
	}
	snapshot := h.configs.Snapshot()
	config, ok := snapshot.ConnectorConfig(name)
	if !ok {
		return nil, notFound(name)
	}
	if snapshot.TargetState(name) != store.Stopped || snapshot.TaskCount(name) != 0 {
		return nil, &BadRequestError{Message: "Connectors must be in the STOPPED state before their offsets can be modified. This can be done for " +
			"the specified connector by issuing a 'PUT' request to the '/connectors/" + name + "/stop' endpoint"}
	}
	return config, nil
}

func (h *Herder) modifyOffsetsNow(ctx context.Context, name string, config store.Properties, modify func(context.Context, *offsetsChange) error) (Message, error) {
	g, err := h.offsetsOf(name, config)
	if noClient := (*offsetsClientError)(nil); errors.As(err, &noClient) {
		return Message{}, failedToModify(name, err)
	}
	if err != nil {
		return Message{}, err
	}
	defer g.close()
	c := &offsetsChange{connectorGroup: g}
	if err := modify(ctx, c); err != nil {
		h.logOffsetsFailure(g, err)
		return Message{}, err
	}
	return c.message(), nil
}

// logOffsetsFailure tells the reason, which the answer does not have: it is Kafka's text alone.
func (h *Herder) logOffsetsFailure(g *connectorGroup, err error) {
	if failed := (*ConnectError)(nil); errors.As(err, &failed) && failed.Err != nil {
		h.logger.Warn(failed.Message, "connector", g.name, "group", g.group, "err", g.secrets.Error(failed.Err))
	}
}

// connectorGroup is the consumer group of a connector, with a client of its own.
type connectorGroup struct {
	groupOffsets
	name   string
	group  string
	props  map[string]string // variables resolved
	plugin connect.Plugin

	secrets *provider.Secrets
}

// offsetsOf makes the client. An [*offsetsClientError] says that the settings do not make one; other errors are about the connector's class.
func (h *Herder) offsetsOf(name string, config store.Properties) (*connectorGroup, error) {
	settings, secrets, _, err := h.lookUp(config)
	if err != nil {
		return nil, err
	}
	g := &connectorGroup{name: name, props: settings, secrets: secrets}
	if g.plugin, err = h.plugins.Find(g.props[validate.ConnectorClassConfig], connect.SinkPluginType); err != nil {
		return nil, err
	}
	g.group = h.cfg.consumerProperties(connect.TaskID{Connector: name}, g.props)["group.id"]
	properties, err := h.cfg.adminProperties(name, g.props)
	if err == nil {
		g.groupOffsets, err = h.newOffsets(properties)
	}
	if invalid := (*kafka.PropertyError)(nil); errors.As(err, &invalid) {
		return nil, &offsetsClientError{ConnectError{Message: secrets.Redact(invalid.Error()), Err: secrets.Error(err)}}
	}
	if err != nil {
		return nil, &offsetsClientError{ConnectError{Message: "Failed to create new KafkaAdminClient", Err: secrets.Error(err)}}
	}
	return g, nil
}

// offsetsClientError says that there is no client for a connector's group; its texts are Kafka's.
type offsetsClientError struct{ cause ConnectError }

func (e *offsetsClientError) Error() string { return e.cause.Error() }

// Unwrap returns the cause, which the REST API answers with.
func (e *offsetsClientError) Unwrap() error { return &e.cause }

func (g *connectorGroup) close() {
	_ = g.Close() // nothing is under way
}

// offsetsChange is one change of a connector's offsets.
type offsetsChange struct {
	*connectorGroup
	past string // what was done: altered or reset
	// complete says that the connector knows of no other place where offsets are kept.
	complete bool
}

// alter is the change by PATCH.
//
// Kafka: Worker.alterSinkConnectorOffsets.
func (c *offsetsChange) alter(ctx context.Context, changes []OffsetChange) error {
	c.past = "altered"
	offsets, err := ParseOffsetChanges(changes)
	if err != nil {
		return err
	}
	if err := c.askConnector(ctx, offsets); err != nil {
		return err
	}
	alter := map[kafka.TopicPartition]kafka.OffsetAndMetadata{}
	var remove []kafka.TopicPartition
	for tp, o := range offsets {
		switch {
		case o == nil:
			remove = append(remove, kafka.TopicPartition(tp))
		case *o < 0:
			return failedToModify(c.name, fmt.Errorf("offset %d of partition %s is negative", *o, kafka.TopicPartition(tp)))
		default:
			alter[kafka.TopicPartition(tp)] = kafka.OffsetAndMetadata{Offset: *o}
		}
	}
	// Kafka sends both whatever becomes of the first.
	if len(alter) > 0 {
		err = c.AlterGroupOffsets(ctx, c.group, alter)
	}
	if len(remove) > 0 {
		err = cmp.Or(err, c.DeleteGroupOffsets(ctx, c.group, remove))
	}
	switch {
	case errors.Is(err, kafka.ErrGroupHasMembers):
		return &ConnectError{Message: "Failed to alter consumer group offsets for connector " + c.name + stillRunning("alter"), Err: err}
	case err != nil:
		return &ConnectError{Message: "Failed to alter consumer group offsets for connector " + c.name, Err: err}
	}
	return nil
}

// reset is the change by DELETE.
//
// Kafka: Worker.resetSinkConnectorOffsets.
func (c *offsetsChange) reset(ctx context.Context) error {
	c.past = "reset"
	committed, err := c.GroupOffsets(ctx, c.group)
	if err != nil {
		return &ConnectError{Message: "Failed to list offsets prior to resetting offsets for sink connector " + c.name, Err: err}
	}
	offsets := map[connect.TopicPartition]*int64{}
	for tp := range maps.Keys(committed) {
		offsets[connect.TopicPartition(tp)] = nil
	}
	if err := c.askConnector(ctx, offsets); err != nil {
		return err
	}
	switch err := c.DeleteGroup(ctx, c.group); {
	case err == nil, errors.Is(err, kafka.ErrGroupNotFound): // it may have been reset before
		return nil
	case errors.Is(err, kafka.ErrGroupHasMembers):
		return &ConnectError{Message: "Failed to reset consumer group offsets for connector " + c.name + stillRunning("reset"), Err: err}
	default:
		return &ConnectError{Message: "Failed to reset consumer group offsets for sink connector " + c.name, Err: err}
	}
}

// askConnector lets the connector look at the change, if it wants to. An error of its own refuses the change with the connector's text; that of a
// panic, or about a setting, stays in the log, as Kafka passes on the texts of ConnectException alone.
func (c *offsetsChange) askConnector(ctx context.Context, offsets map[connect.TopicPartition]*int64) error {
	refusal, panicked := func() (refusal, panicked error) {
		defer recovered(&panicked)
		if alterer, ok := c.plugin.NewSink().(connect.OffsetAlterer); ok {
			c.complete, refusal = alterer.AlterOffsets(ctx, maps.Clone(c.props), maps.Clone(offsets))
		}
		return refusal, nil
	}()
	refusal, panicked = c.secrets.Error(refusal), c.secrets.Error(panicked)
	var setting *connect.ConfigError
	switch {
	case panicked != nil:
		return failedToModify(c.name, panicked)
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		return &ConnectError{Message: "Timed out while calling the 'alterOffsets' method for sink connector " + c.name, Err: cmp.Or(refusal, ctx.Err())}
	case errors.Is(refusal, errors.ErrUnsupported):
		return &ConnectError{Message: "Failed to modify offsets for connector " + c.name + " because it doesn't support external modification of offsets", Err: refusal}
	case errors.As(refusal, &setting):
		return failedToModify(c.name, refusal)
	case refusal != nil:
		return &ConnectError{Message: refusal.Error(), Err: refusal}
	}
	return nil
}

// message is Kafka's text for a change that was made.
//
// Kafka: Worker.completeModifyOffsetsCallback.
func (c *offsetsChange) message() Message {
	if c.complete {
		return Message{"The offsets for this connector have been " + c.past + " successfully"}
	}
	return Message{"The Connect framework-managed offsets for this connector have been " + c.past + " successfully. However, if this connector " +
		"manages offsets externally, they will need to be manually " + c.past + " in the system that the connector uses."}
}

func failedToModify(name string, cause error) error {
	return &ConnectError{Message: "Failed to modify offsets for sink connector " + name, Err: cause}
}

// stillRunning is the end of the texts for a group that has members.
func stillRunning(verb string) string {
	return " either because its tasks haven't stopped completely yet or the connector was resumed before the request to " + verb + " its offsets " +
		"could be successfully completed. If the connector is in a stopped state, this operation can be safely retried. If it doesn't " +
		"eventually succeed, the Connect cluster may need to be restarted to get rid of the zombie sink tasks."
}
