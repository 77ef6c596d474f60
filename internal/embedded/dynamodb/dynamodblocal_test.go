package dynamodb_test

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

const dynamoDBLocalVersion = "3.1.0"

// startDynamoDBLocal answers the address of a DynamoDB Local: the one SLUICE_TEST_DYNAMODB names
// (host:port or a URL), else one that is started from Maven Central's jars and stopped with the
// test.
func startDynamoDBLocal(t *testing.T) (url string) {
	t.Helper()
	if address := os.Getenv("SLUICE_TEST_DYNAMODB"); address != "" {
		if !strings.Contains(address, "://") {
			address = "http://" + address
		}
		return address
	}
	for _, program := range []string{"java", "mvn"} {
		if _, err := exec.LookPath(program); err != nil {
			t.Skipf("no %s to run DynamoDB Local with, and SLUICE_TEST_DYNAMODB is not set", program)
		}
	}
	lib := dynamoDBLocalJars(t)
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	port := listener.Addr().(*net.TCPAddr).Port
	listener.Close()
	ctx, cancel := context.WithCancel(context.Background())
	cmd := exec.CommandContext(ctx, "java", "-Xmx512m", "-Djava.library.path="+lib, "-cp", filepath.Join(lib, "*"),
		"software.amazon.dynamodb.services.local.main.ServerRunner", "-inMemory", "-sharedDb", "-port", fmt.Sprint(port))
	if err := cmd.Start(); err != nil {
		cancel()
		t.Fatal(err)
	}
	t.Cleanup(func() {
		cancel()
		_ = cmd.Wait() // killed, so it never ends well
	})
	url = fmt.Sprintf("http://127.0.0.1:%d", port)
	deadline := time.Now().Add(30 * time.Second)
	for {
		resp, err := http.Get(url)
		if err == nil {
			resp.Body.Close()
			return url
		}
		if time.Now().After(deadline) {
			t.Fatalf("DynamoDB Local did not come up on %s: %v", url, err)
		}
		time.Sleep(50 * time.Millisecond) // another process: there is no event to wait for
	}
}

// dynamoDBLocalJars answers the directory of the jars, fetching them if they are not cached.
func dynamoDBLocalJars(t *testing.T) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(cache, "sluice-test", "dynamodb-local-"+dynamoDBLocalVersion)
	lib := filepath.Join(dir, "lib")
	if _, err := os.Stat(filepath.Join(lib, "DynamoDBLocal-"+dynamoDBLocalVersion+".jar")); err == nil {
		return lib
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	pom := `<project xmlns="http://maven.apache.org/POM/4.0.0">
  <modelVersion>4.0.0</modelVersion>
  <groupId>sluice</groupId><artifactId>dynamodb-local</artifactId><version>1</version>
  <dependencies><dependency>
    <groupId>software.amazon.dynamodb</groupId><artifactId>DynamoDBLocal</artifactId><version>` + dynamoDBLocalVersion + `</version>
  </dependency></dependencies>
</project>
`
	if err := os.WriteFile(filepath.Join(dir, "pom.xml"), []byte(pom), 0o644); err != nil {
		t.Fatal(err)
	}
	cmd := exec.CommandContext(t.Context(), "mvn", "-q", "dependency:copy-dependencies", "-DoutputDirectory=lib")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Skipf("fetch DynamoDB Local: %v\n%s", err, out)
	}
	return lib
}
