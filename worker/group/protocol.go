package group

import (
	"fmt"
	"strings"
)

// ProtocolType is what the members of a Connect group have in common.
const ProtocolType = "connect"

// Compatibility is which versions of the protocol a member offers: all up to the one that it names. The members of a group use the newest one that
// all of them offer.
//
// Kafka: ConnectProtocolCompatibility, the setting connect.protocol.
type Compatibility int16

// Each is the version of its messages.
const (
	// CompatibleEager stops everything in each round.
	CompatibleEager Compatibility = iota
	// CompatibleIncremental moves as little as it can.
	CompatibleIncremental
	// CompatibleSessions is CompatibleIncremental with signed requests among the workers.
	CompatibleSessions
)

// compatibilities have their names as a setting and as a protocol of the group.
var compatibilities = [...]struct{ setting, protocol string }{
	CompatibleEager:       {"eager", "default"},
	CompatibleIncremental: {"compatible", "compatible"},
	CompatibleSessions:    {"sessioned", "sessioned"},
}

// ParseCompatibility reads the setting connect.protocol, in any case.
func ParseCompatibility(setting string) (Compatibility, error) {
	for c, names := range compatibilities {
		if strings.EqualFold(names.setting, setting) {
			return Compatibility(c), nil
		}
	}
	return 0, fmt.Errorf("connect.protocol %q: must be eager, compatible or sessioned", setting)
}

// parseProtocol reads the name of the protocol that a group has chosen.
func parseProtocol(protocol string) (Compatibility, error) {
	for c, names := range compatibilities {
		if names.protocol == protocol {
			return Compatibility(c), nil
		}
	}
	return 0, fmt.Errorf("protocol %q of the group: not one of Connect's", protocol)
}

// String returns the setting's value.
func (c Compatibility) String() string { return compatibilities[c].setting }

// Protocol returns the name in the group: "default", "compatible" or "sessioned".
func (c Compatibility) Protocol() string { return compatibilities[c].protocol }

// Incremental reports whether members keep what they run while they join.
func (c Compatibility) Incremental() bool { return c >= CompatibleIncremental }

// Offer is one protocol that a member can follow, and what it tells the leader for it.
type Offer struct {
	Protocol string
	Metadata []byte
}

// Offers returns what a member that is as state says offers, best first. The order counts: the group chooses by the members' first choices.
func (c Compatibility) Offers(state WorkerState) ([]Offer, error) {
	var offers []Offer
	for ; c >= CompatibleEager; c-- {
		state.Version = int16(c)
		if state.Allocation != nil {
			allocation := *state.Allocation
			allocation.Version = state.Version
			state.Allocation = &allocation
		}
		metadata, err := state.MarshalBinary()
		if err != nil {
			return nil, err
		}
		offers = append(offers, Offer{c.Protocol(), metadata})
	}
	return offers, nil
}
