package group

// Held is what a member has, as its rounds have made it: the last assignment, with everything in Added that it has by now, the newest first.
// It is what the member says of itself when it joins again; nil if it was in no round yet.
type Held = *Assignment

// After returns what a member holds after a round that has told it a. The leader of an incremental group tells changes; in an eager group
// what it tells is all there is. Nothing of the input is changed.
//
// Kafka: WorkerCoordinator.onJoinComplete.
func After(held Held, a Assignment) Held {
	next := a
	next.Revoked = Work{}
	if held == nil || a.Version == int16(CompatibleEager) {
		next.Added = a.Added.Plus(Work{})
		return &next
	}
	next.Added = a.Added.Plus(held.Added.Minus(a.Revoked))
	return &next
}
