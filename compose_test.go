package sluice_test

import (
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/compose-spec/compose-go/v2/loader"
	"github.com/compose-spec/compose-go/v2/types"
)

// imageBuild is how the image's binary is built. internal/integration builds the one it tests with the same words.
const imageBuild = `CGO_ENABLED=0 go build -trimpath -ldflags="-s -w"`

// mustLoadCompose reads docker-compose.yml as Docker Compose does: interpolation, schema, consistency.
func mustLoadCompose(t *testing.T, profiles ...string) *types.Project {
	t.Helper()
	dir, err := filepath.Abs(".")
	if err != nil {
		t.Fatal(err)
	}
	project, err := loader.LoadWithContext(t.Context(), types.ConfigDetails{
		WorkingDir:  dir,
		ConfigFiles: []types.ConfigFile{{Filename: filepath.Join(dir, "docker-compose.yml")}},
		Environment: types.Mapping{},
	}, loader.WithProfiles(profiles))
	if err != nil {
		t.Fatalf("load docker-compose.yml: %v", err)
	}
	return project
}

func TestComposeServices(t *testing.T) {
	project := mustLoadCompose(t)
	want := map[string]struct {
		image   string
		command []string          // as given to the image's entry point
		ports   map[string]string // published to target
		env     map[string]string // at least these
		health  bool
		after   map[string]string // service to condition
	}{
		"kafka": {
			image: "apache/kafka:3.9.2",
			ports: map[string]string{"29092": "29092"},
			env: map[string]string{
				"KAFKA_PROCESS_ROLES":                    "broker,controller",
				"KAFKA_NUM_PARTITIONS":                   "2",
				"KAFKA_ADVERTISED_LISTENERS":             "INSIDE://kafka:9092,HOST://localhost:29092",
				"KAFKA_OFFSETS_TOPIC_REPLICATION_FACTOR": "1",
			},
			health: true,
		},
		"dynamodb": {image: "amazon/dynamodb-local:3.1.0", ports: map[string]string{"8000": "8000"}, health: true},
		"table": {
			command: []string{"table", "create", "/configs/ddb.json"},
			env:     map[string]string{"AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb:8000", "AWS_ACCESS_KEY_ID": "local"},
			after:   map[string]string{"dynamodb": types.ServiceConditionHealthy},
		},
		"worker": {
			command: []string{"worker", "/configs/worker.properties"},
			ports:   map[string]string{"8083": "8083"},
			env: map[string]string{
				"CONNECT_BOOTSTRAP_SERVERS": "kafka:9092", "AWS_ENDPOINT_URL_DYNAMODB": "http://dynamodb:8000",
				"AWS_ACCESS_KEY_ID": "local", "AWS_SECRET_ACCESS_KEY": "local",
			},
			after: map[string]string{"kafka": types.ServiceConditionHealthy, "table": types.ServiceConditionCompletedSuccessfully},
		},
		"worker-ready": {after: map[string]string{"worker": types.ServiceConditionStarted}},
		"producer-accounts": {
			command: []string{"producer"},
			env:     map[string]string{"BOOTSTRAP_SERVERS": "kafka:9092", "DATE_TYPE": "account"},
			after:   map[string]string{"kafka": types.ServiceConditionHealthy},
		},
		"producer-transactions": {
			command: []string{"producer"},
			env:     map[string]string{"BOOTSTRAP_SERVERS": "kafka:9092", "DATE_TYPE": "transaction", "MAX_RUN": "-1"},
			after:   map[string]string{"kafka": types.ServiceConditionHealthy, "producer-accounts": types.ServiceConditionCompletedSuccessfully},
		},
		"detector": {
			command: []string{"detector", "--config", "/configs/application_properties.json"},
			env:     map[string]string{"BOOTSTRAP_SERVERS": "kafka:9092"}, // in place of the file's localhost
			after:   map[string]string{"kafka": types.ServiceConditionHealthy, "producer-accounts": types.ServiceConditionCompletedSuccessfully, "producer-transactions": types.ServiceConditionStarted},
		},
		"kpow": {
			image: "factorhouse/kpow-ce:93.4",
			ports: map[string]string{"3000": "3000"},
			env:   map[string]string{"BOOTSTRAP": "kafka:9092", "CONNECT_REST_URL": "http://worker:8083"},
			after: map[string]string{"kafka": types.ServiceConditionHealthy, "worker-ready": types.ServiceConditionCompletedSuccessfully},
		},
	}
	if got := project.ServiceNames(); !slices.Equal(got, slices.Sorted(maps.Keys(want))) {
		t.Errorf("services = %v, want %v", got, slices.Sorted(maps.Keys(want)))
	}
	for name, w := range want {
		s := project.Services[name]
		if w.image != "" && s.Image != w.image {
			t.Errorf("%s: image = %q, want %q", name, s.Image, w.image)
		}
		if w.command != nil {
			if !slices.Equal([]string(s.Command), w.command) {
				t.Errorf("%s: command = %q, want %q", name, s.Command, w.command)
			}
			if s.Build == nil || s.Build.Context != project.WorkingDir || s.Entrypoint != nil {
				t.Errorf("%s: want it built from this folder with the image's own entry point; build = %+v, entrypoint = %q", name, s.Build, s.Entrypoint)
			}
		}
		if strings.HasSuffix(s.Image, ":latest") || !strings.Contains(s.Image, ":") {
			t.Errorf("%s: image %q has no version", name, s.Image)
		}
		ports := map[string]string{}
		for _, p := range s.Ports {
			ports[p.Published] = strconv.FormatUint(uint64(p.Target), 10)
		}
		if len(ports)+len(w.ports) > 0 && !maps.Equal(ports, w.ports) {
			t.Errorf("%s: ports = %v, want %v", name, ports, w.ports)
		}
		for key, value := range w.env {
			if got := s.Environment[key]; got == nil || *got != value {
				t.Errorf("%s: %s = %v, want %q", name, key, deref(got), value)
			}
		}
		if (s.HealthCheck != nil) != w.health {
			t.Errorf("%s: has a health check = %t, want %t", name, s.HealthCheck != nil, w.health)
		}
		after := map[string]string{}
		for dep, d := range s.DependsOn {
			after[dep] = d.Condition
		}
		if len(after)+len(w.after) > 0 && !maps.Equal(after, w.after) {
			t.Errorf("%s: starts after %v, want %v", name, after, w.after)
		}
	}
}

// The profile metrics adds Prometheus and Grafana, which find their files where the compose file mounts them.
func TestComposeMetrics(t *testing.T) {
	plain, project := mustLoadCompose(t), mustLoadCompose(t, "metrics")
	for name, want := range map[string]struct {
		image, port string
		files       []string
	}{
		"prometheus": {"prom/prometheus:", "9090", []string{"prometheus.yml"}},
		"grafana":    {"grafana/grafana:", "3001", []string{"grafana/provisioning/datasources/prometheus.yml", "grafana/provisioning/dashboards/sluice.yml", "grafana/dashboards/kafka-connect.json"}},
	} {
		if _, there := plain.Services[name]; there {
			t.Errorf("%s starts without the profile", name)
		}
		s := project.Services[name]
		if !strings.HasPrefix(s.Image, want.image) || strings.HasSuffix(s.Image, ":latest") || len(s.Ports) != 1 || s.Ports[0].Published != want.port {
			t.Errorf("%s: image %q, ports %v", name, s.Image, s.Ports)
		}
		if len(s.Volumes) != 1 || s.Volumes[0].Target != "/configs" || !s.Volumes[0].ReadOnly {
			t.Fatalf("%s: volumes = %+v, want ./configs on /configs, read-only", name, s.Volumes)
		}
		for _, file := range want.files {
			if _, err := os.Stat(filepath.Join(s.Volumes[0].Source, file)); err != nil {
				t.Errorf("%s: %v", name, err)
			}
		}
	}
}

// The files that commands name must be where the compose file mounts them.
func TestComposeMountsConfigs(t *testing.T) {
	project := mustLoadCompose(t)
	for _, name := range []string{"table", "worker", "detector"} {
		s := project.Services[name]
		if len(s.Volumes) != 1 || s.Volumes[0].Target != "/configs" || !s.Volumes[0].ReadOnly {
			t.Fatalf("%s: volumes = %+v, want ./configs on /configs, read-only", name, s.Volumes)
		}
		file := filepath.Join(s.Volumes[0].Source, strings.TrimPrefix(s.Command[len(s.Command)-1], "/configs"))
		if _, err := os.Stat(file); err != nil {
			t.Errorf("%s: the file of %q: %v", name, s.Command, err)
		}
	}
}

func TestDockerfile(t *testing.T) {
	b, err := os.ReadFile("Dockerfile")
	if err != nil {
		t.Fatal(err)
	}
	stages := strings.Split(string(b), "\nFROM ")
	if len(stages) != 3 {
		t.Fatalf("Dockerfile has %d stages, want 2: build and image", len(stages)-1)
	}
	if build := stages[1]; !strings.Contains(build, imageBuild) {
		t.Errorf("the build stage does not say %q:\n%s", imageBuild, build)
	}
	image := stages[2]
	for _, line := range []string{"USER 65532:65532", `ENTRYPOINT ["/sluice"]`} {
		if !slices.Contains(strings.Split(image, "\n"), line) {
			t.Errorf("the image stage has no line %q:\n%s", line, image)
		}
	}
}

func deref(s *string) string {
	if s == nil {
		return "nothing"
	}
	return *s
}
