package bench

import (
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
)

// flinkVersion is that of the original's job.
const flinkVersion = "1.15.2"

// flinkArtifacts are what a table job with Kafka, JSON and RocksDB needs, of org.apache.flink.
var flinkArtifacts = []string{
	"flink-streaming-java", "flink-clients", "flink-table-api-java-bridge", "flink-table-planner-loader", "flink-table-runtime", "flink-json",
	"flink-statebackend-rocksdb", "flink-connector-kafka", "flink-connector-base",
}

// flink is the folder of Flink's jars, which Maven fetches once, and that of the compiled job.
var flink = sync.OnceValues(func() (classpath string, err error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "sluice-test")
	jars := filepath.Join(base, "flink-"+flinkVersion)
	if _, err := os.Stat(jars); errors.Is(err, os.ErrNotExist) {
		if err := fetchFlink(base, jars); err != nil {
			return "", err
		}
	}
	dir, err := scratch()
	if err != nil {
		return "", err
	}
	classes := filepath.Join(dir, "flink")
	javac, err := exec.LookPath("javac")
	if err != nil {
		return "", fmt.Errorf("%w: javac in PATH", errMissing)
	}
	if out, err := exec.Command(javac, "-cp", filepath.Join(jars, "*"), "-d", classes, "testdata/flink/FlinkJob.java").CombinedOutput(); err != nil {
		return "", fmt.Errorf("compile the job: %w\n%s", err, out)
	}
	return classes + ":" + filepath.Join(jars, "*"), nil
})

// fetchFlink makes the folder of the jars. It appears under its name only when it is complete.
func fetchFlink(base, jars string) error {
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return fmt.Errorf("%w: mvn in PATH, to fetch Flink", errMissing)
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return err
	}
	work, err := os.MkdirTemp(base, "fetch-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(work)
	var pom strings.Builder
	pom.WriteString(`<project xmlns="http://maven.apache.org/POM/4.0.0"><modelVersion>4.0.0</modelVersion><groupId>sluice.bench</groupId><artifactId>flink</artifactId><version>1</version><dependencies>`)
	for _, a := range flinkArtifacts {
		fmt.Fprintf(&pom, "<dependency><groupId>org.apache.flink</groupId><artifactId>%s</artifactId><version>%s</version></dependency>", a, flinkVersion)
	}
	pom.WriteString("</dependencies></project>\n")
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), []byte(pom.String()), 0o644); err != nil {
		return err
	}
	cmd := exec.Command(mvn, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars")
	cmd.Dir = work
	if out, err := cmd.CombinedOutput(); err != nil {
		return fmt.Errorf("fetch Flink: %w\n%s", err, out)
	}
	return os.Rename(filepath.Join(work, "jars"), jars)
}

// flinkOpens is what Flink 1.15 reaches into, and Java 17 keeps closed.
var flinkOpens = []string{
	"java.base/java.lang", "java.base/java.lang.reflect", "java.base/java.net", "java.base/java.nio", "java.base/java.text", "java.base/java.time", "java.base/java.util",
	"java.base/java.util.concurrent", "java.base/java.util.concurrent.atomic", "java.base/java.util.concurrent.locks", "java.base/sun.nio.ch", "java.base/sun.net.util",
}

// startFlink starts the original's job on the topics of d: one process, parallelism 1, at least once as the job has it, a checkpoint each 10 seconds
// (the platform that it was made for takes one each 60), the state in the heap or in RocksDB with 1 GB of managed memory.
func (d *detection) startFlink(tb testing.TB, backend string) {
	tb.Helper()
	classpath, err := flink()
	if errors.Is(err, errMissing) {
		tb.Skip(err)
	}
	must(tb, err)
	must(tb, os.MkdirAll(d.dir, 0o755))
	args := []string{"-Xmx4g", "-XX:+UseG1GC"}
	for _, open := range flinkOpens {
		args = append(args, "--add-opens", open+"=ALL-UNNAMED")
	}
	args = append(args, "-cp", classpath, "FlinkJob", d.bootstrap, d.flags(), d.transactions(), d.results,
		"state.backend="+map[string]string{"heap": "hashmap", "rocksdb": "rocksdb"}[backend],
		"state.checkpoints.dir=file://"+d.dir, "execution.checkpointing.interval=10s", "taskmanager.memory.managed.size=1g")
	d.process, err = startProcess("flink-"+backend, exec.Command("java", args...))
	must(tb, err)
	tb.Cleanup(d.kill)
}
