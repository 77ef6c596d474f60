package metrics_test

import (
	"encoding/json"
	"os"
	"regexp"
	"strings"
	"testing"

	"sluice/connect"
	"sluice/connect/connecttest"
	"sluice/sinks/dynamodb"
)

// dashboard is what the test reads of a Grafana dashboard.
type dashboard struct {
	Title      string
	Templating struct {
		List []struct {
			Name, Type, Definition string
		}
	}
	Panels []struct {
		ID         int
		Type       string
		Title      string
		Datasource struct{ UID string }
		GridPos    struct{ X, Y, W, H int }
		Targets    []struct {
			Expr       string
			Datasource struct{ UID string }
		}
	}
}

var (
	metricInQuery = regexp.MustCompile(`\b(?:kafka|go|process)_[a-z0-9_]+`)
	labelInQuery  = regexp.MustCompile(`[{,]\s*([a-z_]+)\s*(?:=~|!=|=)`)
	labelsOfSum   = regexp.MustCompile(`by \(([a-z_, ]+)\)`)
)

// sinkMetrics returns the metrics of a DynamoDB sink that has started and done nothing.
func sinkMetrics(t *testing.T) []connect.MetricFamily {
	t.Helper()
	task := connecttest.StartTask(t, dynamodb.Plugin(dynamodb.Options{}).NewSink(), map[string]string{
		"aws.dynamodb.region": "eu-west-1", "camel.kamelet.aws-ddb-sink.accessKey": "key", "camel.kamelet.aws-ddb-sink.secretKey": "secret",
		"table.name.format":             "${topic}", // so that no table is asked for before there is a record
		"aws.dynamodb.write.rate.limit": "1000",
	})
	return task.Context.Metrics().Read()
}

// Every metric and label that the dashboard asks for is there, and its panels do not lie on each other.
func TestDashboard(t *testing.T) {
	text, err := os.ReadFile("../../configs/grafana/dashboards/kafka-connect.json")
	if err != nil {
		t.Fatal(err)
	}
	var d dashboard
	if err := json.Unmarshal(text, &d); err != nil {
		t.Fatal(err)
	}
	there := map[string]string{} // metrics, with the labels of all of their lines
	snapshot := everything()
	snapshot.Tasks[0].Plugin = append(snapshot.Tasks[0].Plugin, sinkMetrics(t)...)
	for line := range strings.Lines(scrape(t, snapshot)) {
		if !strings.HasPrefix(line, "#") {
			name, labels, _ := strings.Cut(line[:strings.LastIndexByte(line, ' ')], "{")
			there[name] += labels
		}
	}
	check := func(where, query string) {
		names := metricInQuery.FindAllString(query, -1)
		if len(names) == 0 {
			t.Errorf("%s: no metric in %s", where, query)
		}
		for _, name := range names {
			labels, ok := there[name]
			if !ok {
				t.Errorf("%s: there is no metric %s", where, name)
			}
			var asked []string
			for _, found := range labelInQuery.FindAllStringSubmatch(query, -1) {
				asked = append(asked, found[1])
			}
			for _, found := range labelsOfSum.FindAllStringSubmatch(query, -1) {
				asked = append(asked, strings.Split(found[1], ", ")...)
			}
			for _, label := range asked {
				if label != "instance" && !strings.Contains(labels, label+`="`) { // instance is Prometheus' own
					t.Errorf("%s: %s has no label %s", where, name, label)
				}
			}
		}
	}
	variables := map[string]bool{}
	for _, v := range d.Templating.List {
		variables[v.Name] = true
		if v.Type == "query" {
			check("variable "+v.Name, v.Definition)
		}
	}
	for _, name := range []string{"datasource", "instance", "connector", "task"} {
		if !variables[name] {
			t.Errorf("there is no variable %s", name)
		}
	}
	ids, cells := map[int]bool{}, map[[2]int]string{}
	queries := 0
	for _, p := range d.Panels {
		if ids[p.ID] {
			t.Errorf("panel %q has the id of another one", p.Title)
		}
		ids[p.ID] = true
		for x := range p.GridPos.W {
			for y := range p.GridPos.H {
				cell := [2]int{p.GridPos.X + x, p.GridPos.Y + y}
				if other, taken := cells[cell]; taken || cell[0] >= 24 {
					t.Fatalf("panel %q lies on %q, or beyond the edge", p.Title, other)
				}
				cells[cell] = p.Title
			}
		}
		if p.Type != "row" && (p.Datasource.UID != "${datasource}" || len(p.Targets) == 0) {
			t.Errorf("panel %q has the data source %q and %d queries", p.Title, p.Datasource.UID, len(p.Targets))
		}
		for _, target := range p.Targets {
			queries++
			if target.Datasource.UID != "${datasource}" {
				t.Errorf("panel %q asks the data source %q", p.Title, target.Datasource.UID)
			}
			check("panel "+p.Title, target.Expr)
		}
	}
	if queries < 40 {
		t.Errorf("got %d queries; is that the dashboard?", queries)
	}
}
