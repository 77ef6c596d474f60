package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"testing"
)

// No record may break the model, and a record that was taken reads the same after we wrote it.
func FuzzConfigRecord(f *testing.F) {
	for _, version := range []string{"2.8.1", "3.9.2", "3.9.2-eos"} {
		for _, r := range goldenRows(f, version, "configs") {
			f.Add(r.Key, r.record(f).Value)
		}
	}
	f.Add("connector-x", []byte(`{"properties":{"a":null,"a":"😀"}} trailing`))
	f.Add("commit-live", []byte(`{"tasks":-0}`))
	f.Add("task-x-+1", []byte(" "))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		m := newConfigModel()
		if _, err := m.apply(Record{Offset: 0, Key: "connector-live", Value: []byte(`{"properties":{}}`)}); err != nil {
			t.Fatal(err)
		}
		change, err := m.apply(Record{Offset: 1, Key: key, Value: value})
		if err != nil && change.kind != 0 {
			t.Errorf("both a change and an error: %v", err)
		}
		want := int64(2)
		if errors.Is(err, errUndecodable) {
			want = 1
		}
		if m.offset != want {
			t.Errorf("config offset %d, want %d", m.offset, want)
		}
		for _, name := range m.snapshot().Connectors() {
			p, _ := m.snapshot().ConnectorConfig(name)
			again := newConfigModel()
			if _, err := again.apply(Record{Key: connectorKey(name), Value: encodeProperties(p)}); err != nil {
				t.Fatalf("our own record of %q cannot be read: %v", name, err)
			}
			if q, _ := again.snapshot().ConnectorConfig(name); !q.Equal(p) {
				t.Errorf("%v became %v", p, q)
			}
		}
	})
}

func FuzzStatusRecord(f *testing.F) {
	for _, r := range goldenRows(f, "3.9.2", "status") {
		f.Add(r.Key, r.record(f).Value)
	}
	f.Add("status-topic-a:connector-:connector-b", []byte(`{"topic":{"task":0,"discoverTimestamp":1}}`))
	f.Fuzz(func(t *testing.T, key string, value []byte) {
		m := newStatusModel()
		if m.apply(Record{Key: key, Value: value}) != nil {
			return
		}
		for name, s := range m.connectors {
			again := newStatusModel()
			if err := again.apply(Record{Key: connectorStatusKey(name), Value: encodeStatus(s)}); err != nil || again.connectors[name] != s {
				t.Errorf("%+v became %+v (%v)", s, again.connectors[name], err)
			}
		}
		for connector, topics := range m.topics {
			for topic, s := range topics {
				again := newStatusModel()
				if err := again.apply(Record{Key: topicStatusKey(topic, connector), Value: encodeTopicStatus(s)}); err != nil || again.topics[connector][topic] != s {
					t.Errorf("%+v became %+v (%v)", s, again.topics[connector][topic], err)
				}
			}
		}
	})
}

// Properties come from users too, through the REST API.
func FuzzProperties(f *testing.F) {
	f.Add([]byte(`{"a":"b","c":null,"a":"d"}`))
	f.Add([]byte("{\"\\u0000\":\"\\ud83d\\ude00\u2028\"}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		var p Properties
		if json.Unmarshal(data, &p) != nil {
			return
		}
		text, err := json.Marshal(p)
		if err != nil {
			t.Fatal(err)
		}
		var q Properties
		if err := json.Unmarshal(text, &q); err != nil || !p.Equal(q) {
			t.Errorf("%s became %s (%v)", data, text, err)
		}
		if !bytes.Equal(p.appendJSON(nil), q.appendJSON(nil)) {
			t.Errorf("order changed: %s", text)
		}
	})
}
