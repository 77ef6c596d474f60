package loggers

import (
	"maps"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"time"
)

// Root is the name of the logger above all others, in any case. It always exists and has a level.
const Root = "root"

// Registry knows the loggers of a process and their levels. Make one with [New]. It is safe for concurrent use.
//
// Kafka: org.apache.kafka.connect.runtime.Loggers.
type Registry struct {
	mu     sync.Mutex // guards what follows and the nodes, but for their effective levels
	root   *node
	byName map[string]*node // without the root
	unused []*node          // made by SetLevel, the oldest first; some may be in use by now
}

// maxUnused is how many loggers are kept that somebody has given a level and no code has used. The oldest are forgotten, as names come from
// clients and would be kept for ever. Log4j keeps them.
const maxUnused = 1000

// node is one logger.
type node struct {
	name     string
	explicit *Level    // nil: the nearest ancestor's
	modified time.Time // when SetLevel last changed the level; zero: never
	used     bool      // by code

	effective atomic.Int64 // the [Level] that counts; handlers read it without the lock
}

func (n *node) set(l Level) { n.explicit = &l }

// State is what is known of a logger.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.LoggerLevel.
type State struct {
	Level    Level     // the one that counts for it
	Modified time.Time // when [Registry.SetLevel] last changed it; zero: never
}

// New returns a registry whose root has the given level. There are no other loggers yet.
func New(root Level) *Registry {
	r := &Registry{root: &node{name: Root}, byName: map[string]*node{}}
	r.root.set(root)
	r.root.effective.Store(int64(root))
	return r
}

// Add makes loggers exist, so that they are found before any code has used them.
func (r *Registry) Add(names ...string) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, name := range names {
		r.logger(name).used = true
	}
}

// Levels returns the root and the loggers that have a level of their own, by name.
func (r *Registry) Levels() map[string]State {
	r.mu.Lock()
	defer r.mu.Unlock()
	states := map[string]State{Root: r.state(r.root)}
	for name, n := range r.byName {
		if n.explicit != nil {
			states[name] = r.state(n)
		}
	}
	return states
}

// Level returns the level that counts for a logger, false if the logger does not exist.
func (r *Registry) Level(name string) (State, bool) {
	r.mu.Lock()
	defer r.mu.Unlock()
	n := r.root
	if !isRoot(name) {
		n = r.byName[name]
	}
	if n == nil {
		return State{}, false
	}
	return r.state(n), true
}

// SetLevel gives a level to a logger, which is made if it does not exist, and to all loggers whose names begin with its name; to all there
// are if it is the root. It returns their names, sorted. A logger that has the level already, be it another's, is left as it is. Records
// that are logged from now on are judged by the new level.
//
// Kafka: org.apache.kafka.connect.runtime.Loggers.setLevel.
// Differs: log4j visits the loggers in no order, so which of them get a level of their own and which get it from one above is chance
// there. Here those below come first and get one, and tell when they were changed. Of loggers that no code has used the latest 1,000 are kept.
func (r *Registry) SetLevel(namespace string, l Level) []string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var affected []*node
	if isRoot(namespace) {
		affected = append(slices.Collect(maps.Values(r.byName)), r.root)
	} else {
		if _, known := r.byName[namespace]; !known && namespace != "" {
			r.unused = append(r.unused, r.logger(namespace))
			r.forget()
		}
		for name, n := range r.byName {
			if strings.HasPrefix(name, namespace) {
				affected = append(affected, n)
			}
		}
	}
	slices.SortFunc(affected, func(a, b *node) int {
		switch { // the root is above all, whatever their names
		case a == r.root:
			return 1
		case b == r.root:
			return -1
		}
		return strings.Compare(b.name, a.name)
	})
	now := time.Now()
	names := make([]string, len(affected))
	for i, n := range affected {
		names[i] = n.name
		if r.effective(n) != l {
			n.set(l)
			n.modified = now
		}
	}
	for _, n := range affected { // what is below one of them has its name in front, and is one of them
		n.effective.Store(int64(r.effective(n)))
	}
	slices.Sort(names)
	return names
}

func isRoot(name string) bool { return strings.EqualFold(name, Root) }

// logger returns the node of a name, making it if need be. The lock is held.
func (r *Registry) logger(name string) *node {
	if name == "" || isRoot(name) {
		return r.root
	}
	n := r.byName[name]
	if n == nil {
		n = &node{name: name}
		n.effective.Store(int64(r.effective(n)))
		r.byName[name] = n
	}
	return n
}

// forget takes the oldest loggers away that are too many, unless code has used them or one below them meanwhile. The lock is held.
func (r *Registry) forget() {
	if len(r.unused) <= maxUnused {
		return
	}
	inUse := map[string]bool{} // with all that is above
	for name, n := range r.byName {
		for n.used && name != "" && !inUse[name] {
			inUse[name] = true
			name = name[:max(strings.LastIndexByte(name, '.'), 0)]
		}
	}
	r.unused = slices.DeleteFunc(r.unused, func(n *node) bool { return inUse[n.name] })
	for len(r.unused) > maxUnused {
		forgotten := r.unused[0]
		r.unused = slices.Delete(r.unused, 0, 1)
		delete(r.byName, forgotten.name)
		for name, n := range r.byName { // no code uses these either
			if strings.HasPrefix(name, forgotten.name+".") {
				n.effective.Store(int64(r.effective(n)))
			}
		}
	}
}

// effective finds the level that counts for a node. The lock is held.
func (r *Registry) effective(n *node) Level {
	if n.explicit != nil {
		return *n.explicit
	}
	for name := n.name; ; {
		i := strings.LastIndexByte(name, '.')
		if i < 0 {
			return *r.root.explicit
		}
		name = name[:i]
		if above := r.byName[name]; above != nil && above.explicit != nil {
			return *above.explicit
		}
	}
}

func (r *Registry) state(n *node) State { return State{Level: r.effective(n), Modified: n.modified} }
