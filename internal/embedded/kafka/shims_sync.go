package kafka

import (
	"slices"
	"sync"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// syncLook is how often the group of a held SyncGroup is looked at.
	syncLook = 2 * time.Millisecond
	// syncHeld is how long a SyncGroup is held at most: a leader that assigns nothing to anybody is taken for a follower, and a member that
	// has joined may never send one.
	syncHeld = 5 * time.Second
)

// heldSyncs keeps SyncGroup requests that would have to wait for another member's from kfake, until they do not or the group changes.
//
// kfake counts the members that wait in JoinGroup; when one that waits in SyncGroup is removed (it leaves, its session ends, or a successor
// takes its group.instance.id over), it counts one less than there are. The rebalance then takes as long as max.poll.interval.ms, 5 minutes,
// although all members have come. A member whose SyncGroup is not there yet is removed as it should be.
//
// Followers wait for the leader's request. Who that is cannot be seen: when its old leader is gone, kfake tells every member that it is the
// leader, and then heeds one of them. So a request with assignments, as leaders send, waits until each member has sent its own.
//
// Kafka: GroupCoordinator.removeMemberAndUpdateGroup, GroupMetadata.remove, which count only those that wait in JoinGroup, and
// GroupMetadata.maybeElectNewJoinedLeader.
type heldSyncs struct {
	cluster *kfake.Cluster

	closing chan struct{} // closed by close
	holding sync.WaitGroup

	mu     sync.Mutex // guards what follows
	closed bool
	came   map[string]*generationSyncs // by group
}

// generationSyncs are the members of a generation that have sent a SyncGroup.
type generationSyncs struct {
	generation int32
	members    map[string]bool
}

func newHeldSyncs(c *kfake.Cluster) *heldSyncs {
	return &heldSyncs{cluster: c, closing: make(chan struct{}), came: make(map[string]*generationSyncs)}
}

func (h *heldSyncs) install() {
	h.cluster.ControlKey(int16(kmsg.SyncGroup), func(req kmsg.Request) (kmsg.Response, error, bool) {
		resp := h.hold(req.(*kmsg.SyncGroupRequest))
		if resp == nil {
			return nil, nil, false
		}
		h.cluster.KeepControl()
		return resp, nil, true
	})
}

// close lets go of the requests that are held, and waits until they are. It goes before the cluster's Close: a closed cluster does not answer
// questions any more, not even with an error.
func (h *heldSyncs) close() {
	h.mu.Lock()
	h.closed = true
	h.mu.Unlock()
	close(h.closing)
	h.holding.Wait()
}

// enter reports whether a request may still be held. If so, holding.Done is to follow.
func (h *heldSyncs) enter() bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	if !h.closed {
		h.holding.Add(1)
	}
	return !h.closed
}

// hold returns, in its time, an answer if that is not kfake's to give.
func (h *heldSyncs) hold(req *kmsg.SyncGroupRequest) *kmsg.SyncGroupResponse {
	if !h.enter() {
		return nil
	}
	defer h.holding.Done()
	if info := h.cluster.GroupInfo(req.Group); info != nil && info.Epoch == req.Generation {
		h.note(req)
	}
	if !h.waits(req) {
		return nil
	}
	h.cluster.SleepControl(func() {
		deadline := time.NewTimer(syncHeld)
		defer deadline.Stop()
		look := time.NewTicker(syncLook)
		defer look.Stop()
		for h.waits(req) {
			select {
			case <-look.C:
			case <-deadline.C:
				return
			case <-h.closing:
				return
			}
		}
	})
	info := h.cluster.GroupInfo(req.Group)
	if info == nil || info.Epoch == req.Generation && info.State != preparingRebalance || !isMember(info, req.MemberID) {
		return nil
	}
	resp := req.ResponseKind().(*kmsg.SyncGroupResponse)
	resp.ErrorCode = kerr.RebalanceInProgress.Code
	return resp
}

// note remembers that a member has sent its request of the present generation.
func (h *heldSyncs) note(req *kmsg.SyncGroupRequest) {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.came[req.Group]
	if g == nil || g.generation != req.Generation {
		g = &generationSyncs{generation: req.Generation, members: make(map[string]bool)}
		h.came[req.Group] = g
	}
	g.members[req.MemberID] = true
}

// States of a group, as kfake names them.
const (
	preparingRebalance  = "PreparingRebalance"
	completingRebalance = "CompletingRebalance"
)

// waits reports whether the request would, or might, wait for another one.
func (h *heldSyncs) waits(req *kmsg.SyncGroupRequest) bool {
	info := h.cluster.GroupInfo(req.Group)
	if info == nil || info.State != completingRebalance || info.Epoch != req.Generation || !isMember(info, req.MemberID) {
		return false
	}
	return len(req.GroupAssignment) == 0 || !h.allCame(info)
}

// allCame reports whether each member of the group's generation has sent its request.
func (h *heldSyncs) allCame(info *kfake.GroupInfo) bool {
	h.mu.Lock()
	defer h.mu.Unlock()
	g := h.came[info.Group]
	return g != nil && g.generation == info.Epoch && !slices.ContainsFunc(info.Members, func(m kfake.GroupMember) bool { return !g.members[m.MemberID] })
}

func isMember(info *kfake.GroupInfo, id string) bool {
	return slices.ContainsFunc(info.Members, func(m kfake.GroupMember) bool { return m.MemberID == id })
}
