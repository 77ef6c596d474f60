package kafka

import (
	"slices"
	"time"

	"github.com/twmb/franz-go/pkg/kerr"
	"github.com/twmb/franz-go/pkg/kfake"
	"github.com/twmb/franz-go/pkg/kmsg"
)

const (
	// syncLook is how often the group of a held SyncGroup is looked at.
	syncLook = 2 * time.Millisecond
	// syncHeld is how long a SyncGroup is held at most: a leader that assigns nothing to anybody is taken for a follower.
	syncHeld = 5 * time.Second
)

// holdSync keeps a follower's SyncGroup until its leader's has come, or the group changes. It returns an answer if that is not kfake's to give.
//
// kfake counts the members that wait in JoinGroup; when one that waits in SyncGroup is removed (it leaves, its session ends, or a successor
// takes its group.instance.id over), it counts one less than there are. The rebalance then takes as long as max.poll.interval.ms, 5 minutes,
// although all members have come. A member whose SyncGroup is not there yet is removed as it should be.
//
// Kafka: GroupCoordinator.removeMemberAndUpdateGroup, GroupMetadata.remove, which count only those that wait in JoinGroup.
func holdSync(req *kmsg.SyncGroupRequest, c *kfake.Cluster) *kmsg.SyncGroupResponse {
	if len(req.GroupAssignment) > 0 || !waitsForLeader(req, c) {
		return nil
	}
	c.SleepControl(func() {
		for deadline := time.Now().Add(syncHeld); waitsForLeader(req, c) && time.Now().Before(deadline); {
			time.Sleep(syncLook)
		}
	})
	info := c.GroupInfo(req.Group)
	if info == nil || info.Epoch == req.Generation && info.State != preparingRebalance || !isMember(info, req.MemberID) {
		return nil
	}
	resp := req.ResponseKind().(*kmsg.SyncGroupResponse)
	resp.ErrorCode = kerr.RebalanceInProgress.Code
	return resp
}

// States of a group, as kfake names them.
const (
	preparingRebalance  = "PreparingRebalance"
	completingRebalance = "CompletingRebalance"
)

// waitsForLeader reports whether the request is one that is answered when the leader has said what each member gets.
func waitsForLeader(req *kmsg.SyncGroupRequest, c *kfake.Cluster) bool {
	info := c.GroupInfo(req.Group)
	return info != nil && info.State == completingRebalance && info.Epoch == req.Generation && isMember(info, req.MemberID)
}

func isMember(info *kfake.GroupInfo, id string) bool {
	return slices.ContainsFunc(info.Members, func(m kfake.GroupMember) bool { return m.MemberID == id })
}
