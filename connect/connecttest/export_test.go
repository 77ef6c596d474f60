package connecttest

import "time"

// SetTimeLimit makes rules that wait fail sooner.
func SetTimeLimit(d time.Duration) { timeLimit = d }
