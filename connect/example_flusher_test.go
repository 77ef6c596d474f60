package connect_test

import (
	"context"
	"fmt"
	"maps"
	"strings"
	"sync"

	"sluice/connect"
	"sluice/connect/connecttest"
)

// UploadConnector is a sink that collects records and writes many at once, as one object in a store.
type UploadConnector struct {
	store *Store
	props map[string]string
}

// Store keeps objects.
type Store struct {
	mu      sync.Mutex
	objects []string
	away    bool
}

// Upload adds an object.
func (s *Store) Upload(_ context.Context, object string) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.away {
		return fmt.Errorf("upload %d bytes: the store is away", len(object))
	}
	s.objects = append(s.objects, object)
	return nil
}

var uploadSettings = connect.NewConfigDef(connect.ConfigKey{
	Name: "records.per.object", Type: connect.TypeInt, Default: int64(1000), Validator: connect.AtLeast(1), Importance: connect.Medium, Doc: "How many records an object has at most.",
})

func (*UploadConnector) Version() string            { return "1.0.0" }
func (*UploadConnector) Config() *connect.ConfigDef { return uploadSettings }
func (*UploadConnector) Stop(context.Context) error { return nil }
func (c *UploadConnector) NewTask() connect.SinkTask {
	return &uploadTask{store: c.store}
}
func (c *UploadConnector) Start(_ context.Context, props map[string]string) error {
	c.props = props
	return nil
}
func (c *UploadConnector) TaskConfigs(most int) (configs []map[string]string, _ error) {
	for range most {
		configs = append(configs, maps.Clone(c.props))
	}
	return configs, nil
}

// uploadTask implements [connect.Flusher], since it holds what Put has accepted for a while.
type uploadTask struct {
	store *Store
	most  int
	lines []string
}

func (t *uploadTask) Start(_ context.Context, _ connect.SinkTaskContext, props map[string]string) error {
	config, err := uploadSettings.Parse(props)
	t.most = int(config.Int("records.per.object"))
	return err
}

// Put takes no record of a batch unless there is room for it, so that a batch that comes again is not in the object twice.
func (t *uploadTask) Put(ctx context.Context, records []connect.SinkRecord) error {
	if len(t.lines) > 0 && len(t.lines)+len(records) > t.most {
		if err := t.upload(ctx); err != nil {
			return connect.Retriable(err)
		}
	}
	for i := range records {
		t.lines = append(t.lines, fmt.Sprint(records[i].Value))
	}
	return nil
}

// Flush is asked before offsets are committed. After an error everything since the last commit comes again, so what is left here is dropped.
func (t *uploadTask) Flush(ctx context.Context, _ map[connect.TopicPartition]int64) error {
	defer func() { t.lines = nil }()
	return t.upload(ctx)
}

func (t *uploadTask) upload(ctx context.Context) error {
	if len(t.lines) == 0 {
		return nil
	}
	if err := t.store.Upload(ctx, strings.Join(t.lines, "\n")); err != nil {
		return err
	}
	t.lines = nil
	return nil
}

func (*uploadTask) Stop(context.Context) error { return nil }

// A task that collects records says with Flush when they are durable; offsets are committed after that.
func ExampleFlusher() {
	store := &Store{}
	task := (&UploadConnector{store: store}).NewTask()
	ctx := context.Background()
	if err := task.Start(ctx, nil, map[string]string{"records.per.object": "3"}); err != nil {
		fmt.Println(err)
		return
	}
	for _, batch := range [][]connect.SinkRecord{connecttest.Records(0, "a", "b"), connecttest.Records(2, "c", "d")} {
		if err := task.Put(ctx, batch); err != nil {
			fmt.Println(err)
			return
		}
	}
	fmt.Printf("after two batches: %q\n", store.objects)
	if err := task.(connect.Flusher).Flush(ctx, nil); err != nil {
		fmt.Println(err)
		return
	}
	fmt.Printf("when offsets are committed: %q\n", store.objects)
	// Output:
	// after two batches: ["a\nb"]
	// when offsets are committed: ["a\nb" "c\nd"]
}
