package state

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
)

// Temporary is a directory for the state of one process without a directory of
// its own. It is the process' for as long as it is held open, which ends with the
// process in any case.
type Temporary struct {
	Dir  string
	held *os.File // locked; nil where that cannot be
}

// temporaryName is how the directories are recognised.
const temporaryName = "sluice-detector-"

// MakeTemporary makes a directory in parent, or where temporary files belong if
// parent is empty. It removes those that processes which were killed have left
// there; one that is in use is locked, and is left alone.
func MakeTemporary(parent string) (*Temporary, error) {
	if parent == "" {
		parent = os.TempDir()
	}
	removeAbandoned(parent)
	for range 100 {
		dir, err := os.MkdirTemp(parent, temporaryName)
		if err != nil {
			return nil, &Error{parent, fmt.Errorf("make a temporary directory: %w", err)}
		}
		held, err := hold(dir)
		if err == nil && inPlace(held, dir) {
			return &Temporary{dir, held}, nil
		}
		if held != nil {
			held.Close()
		}
		if err != nil && !errors.Is(err, errHeld) && !errors.Is(err, fs.ErrNotExist) {
			return nil, &Error{dir, errors.Join(fmt.Errorf("lock a temporary directory: %w", err), os.Remove(dir))}
		}
		// A process that starts at the same time took it for abandoned, before it was locked.
	}
	return nil, &Error{parent, errors.New("other processes keep removing its temporary directories")}
}

// Remove removes the directory with everything in it.
func (t *Temporary) Remove() error {
	err := os.RemoveAll(t.Dir)
	if t.held != nil {
		err = errors.Join(err, t.held.Close())
	}
	if err != nil {
		return &Error{t.Dir, fmt.Errorf("remove a temporary directory: %w", err)}
	}
	return nil
}

// removeAbandoned removes what nobody holds any more. That it cannot, because a
// directory is another user's, is no reason not to start.
func removeAbandoned(parent string) {
	dirs, err := filepath.Glob(filepath.Join(parent, temporaryName+"*"))
	if err != nil {
		return
	}
	for _, dir := range dirs {
		held, err := hold(dir)
		if err == nil && held != nil && inPlace(held, dir) {
			_ = os.RemoveAll(dir)
		}
		if held != nil {
			held.Close()
		}
	}
}

// errHeld says that another process, or another detector of this one, has the directory.
var errHeld = errors.New("in use")

// inPlace reports whether dir is still what is held; nil stands for what cannot be.
func inPlace(held *os.File, dir string) bool {
	if held == nil {
		return true
	}
	mine, err := held.Stat()
	if err != nil {
		return false
	}
	there, err := os.Lstat(dir)
	return err == nil && there.IsDir() && os.SameFile(mine, there)
}
