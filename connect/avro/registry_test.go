package avro_test

import (
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"sync"
	"testing"

	"sluice/connect"
	"sluice/connect/avro"
)

// stub is a schema registry with Confluent's REST API, as far as converters use it. Ids and error codes are as its documentation has them
// (docs.confluent.io/platform/current/schema-registry/develop/api.html).
type stub struct {
	*httptest.Server
	mu       sync.Mutex
	schemas  map[int]map[string]any // by id: what GET /schemas/ids answers
	subjects map[string][]int       // ids of a subject's versions, from 1
	requests []string
	refuse   func(w http.ResponseWriter, r *http.Request) bool
}

func newStub(t testing.TB, serve func(http.Handler) *httptest.Server) *stub {
	t.Helper()
	s := &stub{schemas: map[int]map[string]any{}, subjects: map[string][]int{}}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /schemas/ids/{id}", s.byID)
	mux.HandleFunc("GET /subjects/{subject}/versions/{version}", s.byVersion)
	mux.HandleFunc("POST /subjects/{subject}", s.lookup)
	mux.HandleFunc("POST /subjects/{subject}/versions", s.register)
	if serve == nil {
		serve = httptest.NewServer
	}
	s.Server = serve(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		s.mu.Lock()
		defer s.mu.Unlock()
		s.requests = append(s.requests, r.Method+" "+r.URL.RequestURI())
		w.Header().Set("Content-Type", "application/vnd.schemaregistry.v1+json")
		if s.refuse == nil || !s.refuse(w, r) {
			mux.ServeHTTP(w, r)
		}
	}))
	t.Cleanup(s.Close)
	return s
}

// add registers a schema under a subject.
func (s *stub) add(id int, subject, schema string, references ...map[string]any) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.schemas[id] = map[string]any{"schema": schema}
	if len(references) > 0 {
		s.schemas[id]["references"] = references
	}
	s.subjects[subject] = append(s.subjects[subject], id)
}

func (s *stub) asked() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

func (s *stub) fail(refuse func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.refuse = refuse
}

func refuseWith(w http.ResponseWriter, status, code int, message string) {
	w.WriteHeader(status)
	fmt.Fprintf(w, `{"error_code":%d,"message":%q}`, code, message)
}

func (s *stub) byID(w http.ResponseWriter, r *http.Request) {
	id, _ := strconv.Atoi(r.PathValue("id"))
	schema, ok := s.schemas[id]
	if !ok {
		refuseWith(w, 404, 40403, fmt.Sprintf("Schema %d not found", id))
		return
	}
	json.NewEncoder(w).Encode(schema)
}

func (s *stub) byVersion(w http.ResponseWriter, r *http.Request) {
	version, _ := strconv.Atoi(r.PathValue("version"))
	ids := s.subjects[r.PathValue("subject")]
	if version < 1 || version > len(ids) {
		refuseWith(w, 404, 40402, "Version not found.")
		return
	}
	s.answer(w, r.PathValue("subject"), version, ids[version-1])
}

func (s *stub) answer(w http.ResponseWriter, subject string, version, id int) {
	out := map[string]any{"subject": subject, "version": version, "id": id}
	for k, v := range s.schemas[id] {
		out[k] = v
	}
	json.NewEncoder(w).Encode(out)
}

func (s *stub) lookup(w http.ResponseWriter, r *http.Request) {
	subject := r.PathValue("subject")
	ids, known := s.subjects[subject]
	if !known {
		refuseWith(w, 404, 40401, fmt.Sprintf("Subject '%s' not found.", subject))
		return
	}
	text := bodySchema(r)
	for i, id := range ids {
		if s.schemas[id]["schema"] == text {
			s.answer(w, subject, i+1, id)
			return
		}
	}
	refuseWith(w, 404, 40403, "Schema not found")
}

func (s *stub) register(w http.ResponseWriter, r *http.Request) {
	subject, text := r.PathValue("subject"), bodySchema(r)
	id := 0
	for known, schema := range s.schemas {
		if schema["schema"] == text {
			id = known
		}
	}
	if id == 0 {
		id = 1000 + len(s.schemas)
		s.schemas[id] = map[string]any{"schema": text}
		s.subjects[subject] = append(s.subjects[subject], id)
	}
	fmt.Fprintf(w, `{"id":%d}`, id)
}

func bodySchema(r *http.Request) any {
	var body map[string]any
	json.NewDecoder(r.Body).Decode(&body)
	return body["schema"]
}

func newConverter(t testing.TB, s *stub, more ...string) *avro.Converter {
	t.Helper()
	props := map[string]string{avro.URLConfig: s.URL, avro.MaxRetriesConfig: "0"}
	for i := 0; i < len(more); i += 2 {
		props[more[i]] = more[i+1]
	}
	c := avro.New()
	if err := c.Configure(props, false); err != nil {
		t.Fatal(err)
	}
	return c
}

// message is data in the wire format.
func message(id int, data ...byte) []byte {
	return append([]byte{0, byte(id >> 24), byte(id >> 16), byte(id >> 8), byte(id)}, data...)
}

func text(s string) []byte { return append([]byte{byte(len(s) * 2)}, s...) }

const noteSchema = `{"type":"record","name":"Note","fields":[{"name":"text","type":"string"}]}`

func wantNote(t *testing.T, got connect.SchemaAndValue, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
	s, ok := got.Value.(*connect.Struct)
	if !ok || s.Values[0] != "hello" {
		t.Fatalf("got %v, want a struct with hello", got.Value)
	}
}

func TestASchemaIsFetchedOnce(t *testing.T) {
	s := newStub(t, nil)
	s.add(7, "t-value", `"int"`)
	s.add(8, "t-value", noteSchema)
	c := newConverter(t, s)
	for range 3 {
		got, err := c.ToConnect("t", nil, message(8, text("hello")...))
		wantNote(t, got, err)
		if got.Schema.Version == nil || *got.Schema.Version != 2 {
			t.Errorf("got version %v, want that of the subject: 2", got.Schema.Version)
		}
	}
	want := []string{"GET /schemas/ids/8?subject=t-value", "POST /subjects/t-value?deleted=true"}
	if got := s.asked(); strings.Join(got, "; ") != strings.Join(want, "; ") {
		t.Errorf("got requests %q, want %q", got, want)
	}
}

func TestTheCacheIsBounded(t *testing.T) {
	s := newStub(t, nil)
	for id := 1; id <= 5; id++ {
		s.add(id, "t-value", fmt.Sprintf(`{"type":"int","n":%d}`, id))
	}
	c := newConverter(t, s, avro.CacheSizeConfig, "2")
	for range 2 {
		for id := 1; id <= 5; id++ {
			if _, err := c.ToConnect("t", nil, message(id, 2)); err != nil {
				t.Fatal(err)
			}
		}
	}
	if n := len(s.asked()); n != 20 {
		t.Errorf("got %d requests, want 20: five schemas do not fit", n)
	}
}

func TestWithoutAVersionUnderTheSubject(t *testing.T) {
	s := newStub(t, nil)
	s.add(7, "other-value", noteSchema)
	got, err := newConverter(t, s).ToConnect("t", nil, message(7, text("hello")...))
	wantNote(t, got, err)
	if got.Schema.Version != nil {
		t.Errorf("got version %d, want none", *got.Schema.Version)
	}
}

func TestReferences(t *testing.T) {
	s := newStub(t, nil)
	s.add(1, "inner", `{"type":"enum","name":"Colour","namespace":"a","symbols":["RED","BLUE"]}`)
	s.add(2, "middle", `{"type":"record","name":"Paint","namespace":"a","fields":[{"name":"colour","type":"Colour"}]}`,
		map[string]any{"name": "a.Colour", "subject": "inner", "version": 1})
	s.add(3, "t-value", `{"type":"record","name":"Wall","namespace":"b","fields":[{"name":"paint","type":"a.Paint"},{"name":"trim","type":"a.Colour"}]}`,
		map[string]any{"name": "a.Paint", "subject": "middle", "version": 1}, map[string]any{"name": "a.Colour", "subject": "inner", "version": 1})
	got, err := newConverter(t, s).ToConnect("t", nil, message(3, 2, 0))
	if err != nil {
		t.Fatal(err)
	}
	wall := got.Value.(*connect.Struct)
	if paint := wall.Values[0].(*connect.Struct); paint.Values[0] != "BLUE" || wall.Values[1] != "RED" {
		t.Errorf("got %v and %v, want BLUE and RED", paint.Values, wall.Values[1])
	}
}

func TestReferencesInACircleEnd(t *testing.T) {
	s := newStub(t, nil)
	s.add(1, "t-value", `{"type":"record","name":"A","fields":[{"name":"b","type":"B"}]}`, map[string]any{"name": "B", "subject": "t-value", "version": 1})
	if _, err := newConverter(t, s).ToConnect("t", nil, message(1, 0)); err == nil {
		t.Error("got no error")
	}
}

func TestSubjects(t *testing.T) {
	const prefix = "io.confluent.kafka.serializers.subject."
	for _, c := range []struct{ strategy, want string }{
		{"TopicNameStrategy", "GET /schemas/ids/1?subject=t-value; POST /subjects/t-value?deleted=true"},
		{"RecordNameStrategy", "GET /schemas/ids/1; POST /subjects/a.Note?deleted=true"},
		{"TopicRecordNameStrategy", "GET /schemas/ids/1; POST /subjects/t-a.Note?deleted=true"},
	} {
		s := newStub(t, nil)
		s.add(1, "x", `{"type":"record","name":"Note","namespace":"a","fields":[{"name":"text","type":"string"}]}`)
		conv := newConverter(t, s, avro.ValueStrategyConfig, prefix+c.strategy)
		got, err := conv.ToConnect("t", nil, message(1, text("hello")...))
		wantNote(t, got, err)
		if got := strings.Join(s.asked(), "; "); got != c.want {
			t.Errorf("%s: got %s, want %s", c.strategy, got, c.want)
		}
	}
	s := newStub(t, nil)
	s.add(1, "x", `"int"`)
	_, err := newConverter(t, s, avro.ValueStrategyConfig, prefix+"RecordNameStrategy").ToConnect("t", nil, message(1, 2))
	if err == nil || !strings.Contains(err.Error(), "the message value must only be a record schema") {
		t.Errorf("got %v, want that a record is needed", err)
	}
}
