package integration

import (
	"io/fs"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
)

// Suites of other packages that also run against a real component take its address from the environment (SLUICE_TEST_KAFKA,
// SLUICE_TEST_DYNAMODB) and skip without it. Here they get it.
func TestSuitesOfOtherPackages(t *testing.T) {
	env := map[string]string{"SLUICE_TEST_KAFKA": sharedKafka(t), "SLUICE_TEST_DYNAMODB": sharedDynamoDB(t)}
	for _, dir := range packagesThatMention(t, slices.Collect(maps.Keys(env))) {
		t.Run(filepath.ToSlash(dir), func(t *testing.T) {
			cmd := exec.CommandContext(t.Context(), "go", "test", "-count=1", "-v", "./"+filepath.ToSlash(dir))
			cmd.Dir = root
			cmd.Env = os.Environ()
			for name, value := range env {
				cmd.Env = append(cmd.Env, name+"="+value)
			}
			out, err := cmd.CombinedOutput()
			if err != nil {
				t.Errorf("%v\n%s", err, out)
			}
			for line := range strings.Lines(string(out)) {
				if strings.Contains(line, "set SLUICE_TEST_") {
					t.Errorf("a test still skips: %s", strings.TrimSpace(line))
				}
			}
		})
	}
}

// packagesThatMention are the folders, relative to the root, of the test files that hold one of the words.
func packagesThatMention(t *testing.T, words []string) []string {
	t.Helper()
	found := map[string]bool{}
	err := filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if path != root && (strings.HasPrefix(d.Name(), ".") || d.Name() == "testdata" || d.Name() == "integration") {
				return filepath.SkipDir
			}
			return nil
		}
		if !strings.HasSuffix(path, "_test.go") {
			return nil
		}
		dir, err := filepath.Rel(root, filepath.Dir(path))
		if err != nil {
			return err
		}
		src, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		for _, word := range words {
			if strings.Contains(string(src), word) {
				found[dir] = true
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return slices.Sorted(maps.Keys(found))
}
