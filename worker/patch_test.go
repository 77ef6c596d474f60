package worker

import (
	"sync"
	"testing"

	"sluice/worker/validate"
)

// gated is a validator that takes its time over configurations with two tasks.
type gated struct {
	anything
	entered, open chan struct{}
}

func (g gated) Validate(props map[string]*string) (validate.ConfigInfos, error) {
	if *props[validate.TasksMaxConfig] == "2" {
		g.entered <- struct{}{}
		<-g.open
	}
	return g.anything.Validate(props)
}

// A plugin that takes long to look at a patch holds up nobody else's change, and the patch is of what the connector is by then.
func TestAPatchThatIsLookedAtForLong(t *testing.T) {
	bubble(t, func(t *testing.T, r *rig) {
		slow := gated{entered: make(chan struct{}), open: make(chan struct{})}
		r.h.validator = slow
		r.put("x", "tasks.max", "1", "topics", "a")
		r.put("y", "tasks.max", "1", "topics", "a")

		var patch sync.WaitGroup
		patch.Go(func() {
			two := "2"
			info, err := r.h.PatchConnector(t.Context(), "x", Properties{{Key: validate.TasksMaxConfig, Value: &two}})
			topics, _ := info.Config.Get("topics")
			if most, _ := info.Config.Get(validate.TasksMaxConfig); err != nil || most != "2" || topics != "b" {
				t.Errorf("the patch made %+v, error %v", info, err)
			}
		})
		<-slow.entered
		r.must(r.h.PauseConnector(t.Context(), "y"))
		r.expectState("y", "PAUSED [PAUSED]")
		_, _, err := r.h.PutConnector(t.Context(), "x", config("x", "tasks.max", "1", "topics", "b"), nil, true)
		r.must(err)
		slow.open <- struct{}{}

		<-slow.entered // again, with what the connector is now
		slow.open <- struct{}{}
		patch.Wait()
		r.expectState("x", "RUNNING [RUNNING RUNNING]")
	})
}
