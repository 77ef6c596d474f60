package cli

import (
	"fmt"

	"sluice/connect"
)

// check finds what is missing in a plugin, so that it is said at the start and not by a panic when somebody uses it.
func check(p connect.Plugin) error {
	made := map[connect.PluginType]bool{
		connect.SinkPluginType:            p.NewSink != nil,
		connect.ConverterPluginType:       p.NewConverter != nil,
		connect.HeaderConverterPluginType: p.NewHeaderConverter != nil,
		connect.TransformationPluginType:  p.NewTransform != nil,
		connect.PredicatePluginType:       p.NewPredicate != nil,
	}
	function, known := made[p.Type]
	functions := 0
	for _, is := range made {
		if is {
			functions++
		}
	}
	switch {
	case p.Class == "":
		return fmt.Errorf("register a plugin of type %q: it has no Class", p.Type)
	case !known:
		return fmt.Errorf("register plugin %s: its Type %q is none that this worker can run", p.Class, p.Type)
	case !function || functions > 1:
		return fmt.Errorf("register plugin %s: of its New functions exactly the one for its Type %q must be set", p.Class, p.Type)
	case p.Type == connect.SinkPluginType && p.TaskClass == "":
		return fmt.Errorf("register plugin %s: a sink needs a TaskClass, which its task configs carry as task.class", p.Class)
	}
	return nil
}
