package integration

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
)

// errMissing marks what the machine lacks, as opposed to what went wrong: the test skips instead of failing.
var errMissing = errors.New("missing")

// artifact is a Maven coordinate, group:name:version.
type artifact string

const slf4j = artifact("org.slf4j:slf4j-reload4j:1.7.36")

// java starts a main class on the jars of some artifacts. The artifacts and what they need are fetched once and kept in
// the user's cache folder under the given name.
type java struct {
	name      string
	artifacts []artifact
	main      string
	heap      string
	options   []string
}

// command fetches the jars, which ctx bounds, and returns the command to run, which has their folder as its working folder.
func (j java) command(ctx context.Context, args ...string) (*exec.Cmd, error) {
	if _, err := exec.LookPath("java"); err != nil {
		return nil, fmt.Errorf("%w: java (a JRE, 17 or later) in PATH, to run %s", errMissing, j.name)
	}
	jars, err := j.fetch(ctx)
	if err != nil {
		return nil, err
	}
	log4j := filepath.Join(scratch, "log4j.properties")
	if err := os.WriteFile(log4j, []byte(log4jProperties), 0o644); err != nil {
		return nil, err
	}
	all := append([]string{"-Xmx" + j.heap, "-Dlog4j.configuration=file:" + log4j}, j.options...)
	all = append(all, "-cp", filepath.Join(jars, "*"), j.main)
	cmd := exec.Command("java", append(all, args...)...)
	cmd.Dir = jars
	return cmd, nil
}

const log4jProperties = `log4j.rootLogger=INFO, out
log4j.appender.out=org.apache.log4j.ConsoleAppender
log4j.appender.out.layout=org.apache.log4j.PatternLayout
log4j.appender.out.layout.ConversionPattern=%d{ISO8601} %p %m (%c)%n
log4j.logger.org.reflections=ERROR
`

// fetch returns the folder of the jars. It appears under its final name only when it is complete, so neither an
// interrupted run nor one beside this one can leave or meet half of it.
func (j java) fetch(ctx context.Context) (string, error) {
	cache, err := os.UserCacheDir()
	if err != nil {
		return "", err
	}
	base := filepath.Join(cache, "sluice-test")
	jars := filepath.Join(base, j.name)
	if _, err := os.Stat(jars); err == nil {
		return jars, nil
	}
	mvn, err := exec.LookPath("mvn")
	if err != nil {
		return "", fmt.Errorf("%w: mvn (Maven) in PATH, to fetch %s", errMissing, j.name)
	}
	if err := os.MkdirAll(base, 0o755); err != nil {
		return "", err
	}
	work, err := os.MkdirTemp(base, "fetch-")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(work)
	if err := os.WriteFile(filepath.Join(work, "pom.xml"), []byte(j.pom()), 0o644); err != nil {
		return "", err
	}
	if err := commandOutput(ctx, work, mvn, "-q", "-B", "dependency:copy-dependencies", "-DoutputDirectory=jars", "-DincludeScope=runtime"); err != nil {
		return "", fmt.Errorf("fetch %s: %w", j.name, err)
	}
	if err := os.Rename(filepath.Join(work, "jars"), jars); err != nil {
		if _, other := os.Stat(jars); other == nil {
			return jars, nil // another run was faster
		}
		return "", err
	}
	return jars, nil
}

// pom is a Maven project that depends on the artifacts.
func (j java) pom() string {
	var b strings.Builder
	b.WriteString("<project xmlns=\"http://maven.apache.org/POM/4.0.0\">\n  <modelVersion>4.0.0</modelVersion>\n")
	fmt.Fprintf(&b, "  <groupId>sluice.test</groupId><artifactId>%s</artifactId><version>1</version>\n  <dependencies>\n", j.name)
	for _, a := range j.artifacts {
		part := strings.Split(string(a), ":")
		fmt.Fprintf(&b, "    <dependency><groupId>%s</groupId><artifactId>%s</artifactId><version>%s</version></dependency>\n", part[0], part[1], part[2])
	}
	b.WriteString("  </dependencies>\n</project>\n")
	return b.String()
}
