package kafka_test

import (
	"fmt"
	"testing"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"
)

// What follows looks at and meddles with groups through another client, so that a misreading of the
// protocol in ours does not check itself.

func otherClient(t *testing.T, b testBroker, opts ...kgo.Opt) *kgo.Client {
	t.Helper()
	client, err := kgo.NewClient(append(opts, kgo.SeedBrokers(b.addr))...)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(client.Close)
	return client
}

func describeGroup(t *testing.T, b testBroker, group string) kmsg.DescribeGroupsResponseGroup {
	t.Helper()
	req := kmsg.NewPtrDescribeGroupsRequest()
	req.Groups = []string{group}
	ctx, client := testContext(t), otherClient(t, b)
	for {
		resp, err := req.RequestWith(ctx, client)
		if err == nil {
			return resp.Groups[0]
		}
		if !kerr.IsRetriable(err) || ctx.Err() != nil { // a coordinator is not there before the first group is
			t.Fatal(err)
		}
	}
}

// groupStates returns "Stable 2": the state of a group and its number of members.
func groupStates(t *testing.T, b testBroker, group string) []string {
	t.Helper()
	g := describeGroup(t, b, group)
	return []string{fmt.Sprintf("%s %d", g.State, len(g.Members))}
}

// removeMembers makes all members of a group leave, without their knowledge.
func removeMembers(t *testing.T, b testBroker, group string) {
	t.Helper()
	req := kmsg.NewPtrLeaveGroupRequest()
	req.Group = group
	for _, m := range describeGroup(t, b, group).Members {
		member := kmsg.NewLeaveGroupRequestMember()
		member.MemberID = m.MemberID
		req.Members = append(req.Members, member)
	}
	resp, err := req.RequestWith(testContext(t), otherClient(t, b))
	if err != nil || resp.ErrorCode != 0 || len(req.Members) == 0 {
		t.Fatalf("remove %d members: %v %+v", len(req.Members), err, resp)
	}
}
