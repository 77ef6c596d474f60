package worker

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"maps"
	"strconv"
	"strings"

	"sluice/connect"
	"sluice/internal/javaregex"
	"sluice/internal/kafka"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// A task has a place of its own in the consumer group of its connector: it is a static member (KIP-345). Whoever runs the task takes
// the place, and with it the partitions; whoever had it before can commit nothing any more. worker/task/DESIGN.md says when a task leaves.

const groupInstanceIDConfig = "group.instance.id"

// maxNameInInstanceID is how much of a connector's name is shown: an instance id may have 249 characters in all.
const maxNameInInstanceID = 200

// instanceID names a task's place, given the other settings of its consumer:
//
//	connect-orders-5f3a9c01-0
//
// The hash is of the worker's group.id and the connector's name. With it, two clusters that have a connector of the same name share its group as they
// do in Kafka Connect, instead of throwing each other's tasks out; and names may have characters that are not allowed here. All workers of a
// cluster make the same id, so the rightful successor of a task takes its place, wherever it runs.
//
// Differs: in Kafka Connect tasks are dynamic members, unless group.instance.id is set, and then all tasks of a connector have that one
// id, so that each new one throws out the one before. Here the task's number is added to what is set. A blank makes
// dynamic members.
func (c *Config) instanceID(id connect.TaskID, consumer kafka.Properties) string {
	if given, ok := consumer[groupInstanceIDConfig]; ok {
		if given = strings.TrimSpace(given); given != "" {
			given += "-" + strconv.Itoa(id.Task)
		}
		return given
	}
	name := strings.Map(func(r rune) rune {
		if r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._-", r) {
			return r
		}
		return '_'
	}, id.Connector)
	hash := sha256.Sum256([]byte(c.GroupID + "\x00" + id.Connector))
	return fmt.Sprintf("connect-%s-%x-%d", name[:min(len(name), maxNameInInstanceID)], hash[:4], id.Task)
}

// hasSuccessor reports whether a task that is stopped now is to be started again in the place that it has: it is restarted, or another worker gets
// it. If it is gone for good it leaves its group, so that the others share its partitions now and the group's offsets can be altered. It is called
// in the loop.
func (h *Herder) hasSuccessor(t *taskInstance) bool {
	snapshot := h.configs.Snapshot()
	_, exists := snapshot.TaskConfig(t.id)
	connector, _ := snapshot.ConnectorConfig(t.id.Connector)
	return exists && !h.ending && snapshot.TargetState(t.id.Connector) != store.Stopped && samePlace(t.run.config, connector)
}

// giveUpPlace leaves the group in the place of a task that was stopped for a restart and cannot be started: its partitions would wait
// for it until the session ends. It is part of a job of the task's lane.
func (h *Herder) giveUpPlace(ctx context.Context, t *taskInstance) {
	place := t.place
	if t.place = nil; place == nil {
		return
	}
	if err := h.leavePlace(ctx, place, h.logger); err != nil {
		named(h.logger, workerLogger).Debug("the group keeps the place of a task that could not be started until its session ends",
			"connector", t.id.Connector, "task", t.id.Task, "err", err)
	}
}

// samePlace reports whether the tasks of two configurations of a connector are in the same places, for the same topics.
func samePlace(a, b store.Properties) bool {
	decisive := func(p store.Properties) map[string]string {
		m := p.Map()
		maps.DeleteFunc(m, func(key, _ string) bool {
			return key != validate.TopicsConfig && key != validate.TopicsRegexConfig && !strings.HasPrefix(key, validate.ConsumerOverridePrefix)
		})
		return m
	}
	return maps.Equal(decisive(a), decisive(b))
}

// topicMatchOf reads the setting topics.regex of a task, or of its connector if the task has none; nil if there is none.
func topicMatchOf(settings, connector map[string]string) (func(topic string) (bool, error), error) {
	expr, ok := settings[validate.TopicsRegexConfig]
	if !ok {
		expr = connector[validate.TopicsRegexConfig]
	}
	if strings.TrimSpace(expr) == "" {
		return nil, nil
	}
	re, err := javaregex.Compile(expr)
	var unsupported *javaregex.UnsupportedError
	if errors.As(err, &unsupported) {
		return nil, &connect.ConfigError{Key: validate.TopicsRegexConfig, Value: expr, Rule: unsupported.What + " in a regular expression is not supported by this version"}
	}
	if err != nil {
		return nil, err
	}
	return re.Matches, nil
}
