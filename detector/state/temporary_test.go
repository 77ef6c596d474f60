package state

import (
	"os"
	"path/filepath"
	"testing"
)

func mustMakeTemporary(t *testing.T, parent string) *Temporary {
	t.Helper()
	d, err := MakeTemporary(parent)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestTemporaryDirectories(t *testing.T) {
	parent := t.TempDir()
	foreign := filepath.Join(parent, "something-else")
	abandoned := filepath.Join(parent, temporaryName+"123")
	precious := t.TempDir()
	link := filepath.Join(parent, temporaryName+"link")
	for _, err := range []error{os.Mkdir(foreign, 0o755), os.MkdirAll(filepath.Join(abandoned, "sub"), 0o755), os.Symlink(precious, link)} {
		if err != nil {
			t.Fatal(err)
		}
	}
	first := mustMakeTemporary(t, parent)
	second := mustMakeTemporary(t, parent) // finds the first one in use, by this very process
	exists := func(dir string) bool { _, err := os.Lstat(dir); return err == nil }
	if !exists(first.Dir) || !exists(second.Dir) || first.Dir == second.Dir {
		t.Errorf("%s and %s must be there", first.Dir, second.Dir)
	}
	if !exists(foreign) || !exists(precious) {
		t.Error("a directory of somebody else was removed")
	}
	if exists(abandoned) && first.held != nil {
		t.Error("the directory of a process that is gone is still there")
	}
	store, err := Open(Options{Dir: first.Dir, Owner: "test"})
	if err != nil {
		t.Fatal(err)
	}
	if err := store.Close(); err != nil {
		t.Fatal(err)
	}
	for _, d := range []*Temporary{first, second} {
		if err := d.Remove(); err != nil || exists(d.Dir) {
			t.Errorf("%s: %v", d.Dir, err)
		}
	}
}

// Many start at once, and take each other's directories for abandoned before they are locked.
func TestTemporaryDirectoriesOfManyAtOnce(t *testing.T) {
	parent := t.TempDir()
	made := make(chan *Temporary)
	const n = 20
	for range n {
		go func() {
			d, err := MakeTemporary(parent)
			if err != nil {
				t.Error(err)
			}
			made <- d
		}()
	}
	seen := make(map[string]bool)
	var all []*Temporary
	for range n {
		if d := <-made; d != nil {
			seen[d.Dir] = true
			all = append(all, d)
		}
	}
	for _, d := range all {
		if _, err := os.Stat(d.Dir); err != nil {
			t.Errorf("removed while in use: %v", err)
		}
	}
	for _, d := range all {
		if err := d.Remove(); err != nil {
			t.Error(err)
		}
	}
	if len(seen) != n {
		t.Errorf("%d directories for %d processes", len(seen), n)
	}
}

func TestTemporaryDirectoryThatCannotBe(t *testing.T) {
	missing := filepath.Join(t.TempDir(), "missing")
	if d, err := MakeTemporary(missing); err == nil {
		t.Errorf("made %s", d.Dir)
	}
}
