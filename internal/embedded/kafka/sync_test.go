package kafka_test

import (
	"context"
	"testing"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kgo"
	"github.com/twmb/franz-go/pkg/kmsg"

	"sluice/internal/embedded/kafka"
)

// member speaks the group protocol by hand.
type member struct {
	cl       *kgo.Client
	instance string
	id       string
}

// join sends a JoinGroup; the answer comes by the channel.
func (m *member) join(ctx context.Context) <-chan *kmsg.JoinGroupResponse {
	req := kmsg.NewPtrJoinGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.ProtocolType = "g", m.id, &m.instance, "consumer"
	req.SessionTimeoutMillis, req.RebalanceTimeoutMillis = 45_000, 300_000
	protocol := kmsg.NewJoinGroupRequestProtocol()
	protocol.Name = "range"
	req.Protocols = append(req.Protocols, protocol)
	answer := make(chan *kmsg.JoinGroupResponse, 1)
	go func() {
		resp, err := req.RequestWith(ctx, m.cl)
		if err != nil {
			resp = &kmsg.JoinGroupResponse{ErrorCode: kerr.UnknownServerError.Code}
		}
		answer <- resp
	}()
	return answer
}

// sync sends a SyncGroup; the answer comes by the channel.
func (m *member) sync(ctx context.Context, generation int32, members ...string) <-chan int16 {
	req := kmsg.NewPtrSyncGroupRequest()
	req.Group, req.MemberID, req.InstanceID, req.Generation = "g", m.id, &m.instance, generation
	for _, id := range members {
		assignment := kmsg.NewSyncGroupRequestGroupAssignment()
		assignment.MemberID = id
		req.GroupAssignment = append(req.GroupAssignment, assignment)
	}
	answer := make(chan int16, 1)
	go func() {
		resp, err := req.RequestWith(ctx, m.cl)
		if err != nil {
			resp = &kmsg.SyncGroupResponse{ErrorCode: kerr.UnknownServerError.Code}
		}
		answer <- resp.ErrorCode
	}()
	return answer
}

// A member that goes while it waits for the leader's assignment does not make the rebalance after it wait for what nobody sends.
func TestRebalanceEndsAfterAMemberHasGoneFromSync(t *testing.T) {
	for _, how := range []string{"replaced", "left"} {
		t.Run(how, func(t *testing.T) {
			ctx := testContext(t)
			b := start(t, kafka.Options{})
			a, other := &member{cl: client(t, b), instance: "a"}, &member{cl: client(t, b), instance: "b"}
			joined := <-a.join(ctx)
			a.id = joined.MemberID
			<-a.sync(ctx, joined.Generation, a.id)
			answer := other.join(ctx)
			awaitMembers(t, b, 2)
			joined = <-a.join(ctx)
			came := <-answer
			if other.id = came.MemberID; joined.ErrorCode != 0 || joined.LeaderID != a.id || joined.Generation != came.Generation {
				t.Fatalf("join: %+v %+v", joined, came)
			}
			waiting := other.sync(ctx, joined.Generation) // the leader's has not come yet
			for range 20 {                                // which gives it time to arrive; if it does not, this shows nothing
				if err := a.cl.Ping(ctx); err != nil {
					t.Fatal(err)
				}
			}

			if how == "left" {
				req := kmsg.NewPtrLeaveGroupRequest()
				req.Group = "g"
				left := kmsg.NewLeaveGroupRequestMember()
				left.MemberID, left.InstanceID = other.id, &other.instance
				req.Members = append(req.Members, left)
				if resp, err := req.RequestWith(ctx, client(t, b)); err != nil || resp.ErrorCode != 0 || resp.Members[0].ErrorCode != 0 {
					t.Fatalf("leave: %v %+v", err, resp)
				}
			}
			successor := &member{cl: client(t, b), instance: "b"}
			answer = successor.join(ctx)
			if code := <-waiting; code == 0 {
				t.Error("a SyncGroup was answered before its leader's")
			}
			awaitMembers(t, b, 2)
			joined = <-a.join(ctx)
			came = <-answer
			if joined.ErrorCode != 0 || came.ErrorCode != 0 || joined.Generation != came.Generation {
				t.Errorf("got %+v and %+v", joined, came)
			}
		})
	}
}

// When the leader is gone, kfake has several members believe that they are it. One of them that goes while it waits does not make the
// rebalance after it wait either. Which one kfake heeds is a matter of chance, hence the rounds.
func TestRebalanceEndsAfterOneOfTwoLeadersHasGone(t *testing.T) {
	for range 8 {
		ctx := testContext(t)
		b := start(t, kafka.Options{})
		a, other := &member{cl: client(t, b), instance: "a"}, &member{cl: client(t, b), instance: "b"}
		joined := <-a.join(ctx)
		a.id = joined.MemberID
		<-a.sync(ctx, joined.Generation, a.id)
		answer := other.join(ctx)
		awaitMembers(t, b, 2)
		second := &member{cl: client(t, b), instance: "a"} // takes the leader's place while the group rebalances
		joined = <-second.join(ctx)
		came := <-answer
		second.id, other.id = joined.MemberID, came.MemberID
		if joined.ErrorCode != 0 || came.ErrorCode != 0 {
			t.Fatalf("join: %+v %+v", joined, came)
		}
		waiting := second.sync(ctx, joined.Generation, second.id, other.id)
		for range 20 { // which gives it time to arrive; if it does not, this shows nothing
			if err := other.cl.Ping(ctx); err != nil {
				t.Fatal(err)
			}
		}
		third := &member{cl: client(t, b), instance: "a"}
		answer = third.join(ctx)
		<-waiting
		awaitMembers(t, b, 2)
		joined = <-other.join(ctx)
		came = <-answer
		if joined.ErrorCode != 0 || came.ErrorCode != 0 || joined.Generation != came.Generation {
			t.Errorf("got %+v and %+v", joined, came)
		}
	}
}

// A broker that is closed while a member waits for its assignment leaves nothing behind: TestMain looks for goroutines.
func TestCloseWhileASyncIsHeld(t *testing.T) {
	ctx := testContext(t)
	b := start(t, kafka.Options{})
	a, other := &member{cl: client(t, b), instance: "a"}, &member{cl: client(t, b), instance: "b"}
	joined := <-a.join(ctx)
	a.id = joined.MemberID
	<-a.sync(ctx, joined.Generation, a.id)
	answer := other.join(ctx)
	awaitMembers(t, b, 2)
	joined = <-a.join(ctx)
	other.id = (<-answer).MemberID
	waiting := other.sync(ctx, joined.Generation)
	for range 20 { // which gives it time to arrive; if it does not, this shows nothing
		if err := a.cl.Ping(ctx); err != nil {
			t.Fatal(err)
		}
	}
	if err := b.Close(); err != nil {
		t.Fatal(err)
	}
	a.cl.Close()
	other.cl.Close()
	<-waiting
}

// awaitMembers waits until the group has so many.
func awaitMembers(t *testing.T, b *kafka.Broker, n int) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); ; {
		if info := b.Cluster().GroupInfo("g"); info != nil && len(info.Members) == n {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the group does not come to %d members", n)
		}
	}
}
