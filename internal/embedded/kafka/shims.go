package kafka

import (
	"maps"
	"slices"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// installShims repairs, for as long as the cluster runs, what kfake answers differently from Kafka. end is to be called before the cluster is closed.
func installShims(c *kfake.Cluster) (end func()) {
	(&offsetDeletes{cluster: c}).install()
	syncs := newHeldSyncs(c)
	syncs.install()
	c.ControlKey(int16(kmsg.Fetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		limitByPartition(req.(*kmsg.FetchRequest), c)
		return nil, nil, false
	})
	c.ControlKey(int16(kmsg.OffsetFetch), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := offsetFetchOfUnknownGroups(req.(*kmsg.OffsetFetchRequest), c)
		if resp == nil {
			return nil, nil, false
		}
		c.KeepControl()
		return resp, nil, true
	})
	c.ControlKey(int16(kmsg.CreateTopics), func(req kmsg.Request) (kmsg.Response, error, bool) {
		create := req.(*kmsg.CreateTopicsRequest)
		keepCompactedTopics(create)
		resp := createWithInvalidConfigs(create, c.CreateTopic)
		if resp == nil {
			return nil, nil, false
		}
		c.KeepControl()
		return resp, nil, true
	})
	return syncs.close
}

// offsetFetchOfUnknownGroups answers a request that names a group nobody has used yet: Kafka answers
// that it has no offsets (-1), kfake that there is no such group. nil means that kfake may answer.
func offsetFetchOfUnknownGroups(req *kmsg.OffsetFetchRequest, c *kfake.Cluster) *kmsg.OffsetFetchResponse {
	groups := req.Groups
	if req.Version <= 7 {
		group := kmsg.NewOffsetFetchRequestGroup()
		group.Group = req.Group
		for _, t := range req.Topics {
			topic := kmsg.NewOffsetFetchRequestGroupTopic()
			topic.Topic, topic.Partitions = t.Topic, t.Partitions
			group.Topics = append(group.Topics, topic)
		}
		groups = []kmsg.OffsetFetchRequestGroup{group}
	}
	// An empty group id is a mistake that kfake reports as Kafka does.
	if !slices.ContainsFunc(groups, func(g kmsg.OffsetFetchRequestGroup) bool { return g.Group != "" && c.GroupInfo(g.Group) == nil }) {
		return nil
	}
	resp := req.ResponseKind().(*kmsg.OffsetFetchResponse)
	for _, g := range groups {
		resp.Groups = append(resp.Groups, offsetsOf(g, req.Version, c))
	}
	if req.Version <= 7 {
		flattenOffsets(resp)
	}
	return resp
}

// offsetsOf answers for one group, which need not exist.
func offsetsOf(req kmsg.OffsetFetchRequestGroup, version int16, c *kfake.Cluster) kmsg.OffsetFetchResponseGroup {
	group := kmsg.NewOffsetFetchResponseGroup()
	group.Group = req.Group
	var commits map[string]map[int32]kfake.GroupCommit
	if info := c.GroupInfo(req.Group); info != nil {
		commits = info.Commits
	}
	topics := req.Topics
	if topics == nil { // everything there is
		for _, name := range slices.Sorted(maps.Keys(commits)) {
			topic := kmsg.NewOffsetFetchRequestGroupTopic()
			topic.Topic, topic.Partitions = name, slices.Sorted(maps.Keys(commits[name]))
			if info := c.TopicInfo(name); info != nil {
				topic.TopicID = info.TopicID
			}
			topics = append(topics, topic)
		}
	}
	for _, t := range topics {
		name, known := t.Topic, true
		if version >= 10 { // topics go by their ids
			info := c.TopicIDInfo(t.TopicID)
			if known = info != nil; known {
				name = info.Topic
			}
		}
		topic := kmsg.NewOffsetFetchResponseGroupTopic()
		topic.Topic, topic.TopicID = t.Topic, t.TopicID
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetFetchResponseGroupTopicPartition()
			part.Partition, part.Offset, part.LeaderEpoch = p, -1, -1
			part.Metadata = kmsg.StringPtr("")
			if !known {
				part.ErrorCode = kerr.UnknownTopicID.Code
			} else if commit, ok := commits[name][p]; ok {
				part.Offset, part.LeaderEpoch = commit.Offset, commit.LeaderEpoch
				part.Metadata = kmsg.StringPtr(commit.Metadata)
			}
			topic.Partitions = append(topic.Partitions, part)
		}
		group.Topics = append(group.Topics, topic)
	}
	return group
}

// flattenOffsets moves the only group of resp to where versions up to 7 have it.
func flattenOffsets(resp *kmsg.OffsetFetchResponse) {
	group := resp.Groups[0]
	resp.ErrorCode = group.ErrorCode
	for _, t := range group.Topics {
		topic := kmsg.NewOffsetFetchResponseTopic()
		topic.Topic = t.Topic
		for _, p := range t.Partitions {
			part := kmsg.NewOffsetFetchResponseTopicPartition()
			part.Partition, part.Offset, part.LeaderEpoch, part.Metadata = p.Partition, p.Offset, p.LeaderEpoch, p.Metadata
			topic.Partitions = append(topic.Partitions, part)
		}
		resp.Topics = append(resp.Topics, topic)
	}
}

// keepCompactedTopics stops kfake from applying time retention to compacted topics, which in Kafka
// applies to the policy delete only.
func keepCompactedTopics(req *kmsg.CreateTopicsRequest) {
	for i := range req.Topics {
		topic := &req.Topics[i]
		var compact, limited bool
		for _, c := range topic.Configs {
			compact = compact || c.Name == "cleanup.policy" && c.Value != nil && *c.Value == "compact"
			limited = limited || c.Name == "retention.ms"
		}
		if compact && !limited {
			config := kmsg.NewCreateTopicsRequestTopicConfig()
			config.Name, config.Value = "retention.ms", kmsg.StringPtr("-1")
			topic.Configs = append(topic.Configs, config)
		}
	}
}

// createWithInvalidConfigs answers a request in which at least one topic has a config that Kafka
// refuses; kfake takes anything. The other topics are created with create. nil means that all
// configs are fine and kfake may answer.
func createWithInvalidConfigs(req *kmsg.CreateTopicsRequest, create func(string, int32, map[string]string) error) *kmsg.CreateTopicsResponse {
	invalid := make(map[string]string) // topic to message
	for _, t := range req.Topics {
		for _, c := range t.Configs {
			if message := checkTopicConfig(c.Name, c.Value); message != "" {
				invalid[t.Topic] = message
				break
			}
		}
	}
	if len(invalid) == 0 {
		return nil
	}
	resp := req.ResponseKind().(*kmsg.CreateTopicsResponse)
	for _, t := range req.Topics {
		topic := kmsg.NewCreateTopicsResponseTopic()
		topic.Topic = t.Topic
		if message, ok := invalid[t.Topic]; ok {
			topic.ErrorCode, topic.ErrorMessage = kerr.InvalidConfig.Code, &message
		} else if !req.ValidateOnly {
			configs := make(map[string]string)
			for _, c := range t.Configs {
				if c.Value != nil {
					configs[c.Name] = *c.Value
				}
			}
			if err := create(t.Topic, t.NumPartitions, configs); err != nil {
				topic.ErrorCode = kerr.UnknownServerError.Code
				if known, ok := err.(*kerr.Error); ok {
					topic.ErrorCode = known.Code
				}
			}
		}
		resp.Topics = append(resp.Topics, topic)
	}
	return resp
}
