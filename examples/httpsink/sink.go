package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"net/http"
	"time"

	"sluice/connect"
)

var settings = connect.NewConfigDef(
	connect.ConfigKey{
		Name: "http.url", Type: connect.TypeString, Required: true, Validator: connect.NonEmptyString(),
		Importance: connect.High, Doc: "The URL that each value is posted to, as JSON.",
	},
	connect.ConfigKey{Name: "http.token", Type: connect.TypePassword, Importance: connect.Medium, Doc: "A bearer token."},
)

type connector struct{ props map[string]string }

func (*connector) Version() string            { return plugin().Version }
func (*connector) Config() *connect.ConfigDef { return settings }
func (*connector) NewTask() connect.SinkTask  { return &task{} }
func (*connector) Stop(context.Context) error { return nil }
func (c *connector) Start(_ context.Context, props map[string]string) error {
	c.props = props
	return nil
}

func (c *connector) TaskConfigs(most int) (configs []map[string]string, _ error) {
	for range most { // the consumer group spreads the partitions over the tasks
		configs = append(configs, maps.Clone(c.props))
	}
	return configs, nil
}

type task struct {
	tc        connect.SinkTaskContext
	config    connect.Config
	transport *http.Transport
}

func (t *task) Start(_ context.Context, tc connect.SinkTaskContext, props map[string]string) (err error) {
	t.tc, t.transport = tc, http.DefaultTransport.(*http.Transport).Clone()
	t.config, err = settings.Parse(props)
	return err
}

// Put has every record delivered when it returns nil, so the task needs neither Flush nor PreCommit.
func (t *task) Put(ctx context.Context, records []connect.SinkRecord) error {
	for i := range records {
		err := t.post(ctx, &records[i])
		var bad *connect.DataError
		switch {
		case connect.IsRetriable(err): // all of the batch comes again
			t.tc.Timeout(time.Second)
		case errors.As(err, &bad): // this record will never be taken: errors.tolerance decides
			select {
			case err = <-t.tc.Report(&records[i], err):
			case <-ctx.Done():
				err = ctx.Err()
			}
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t *task) post(ctx context.Context, r *connect.SinkRecord) error {
	body, raw := r.Value.(connect.RawJSON) // what JsonConverter makes of JSON without a schema
	if !raw {
		var err error
		if body, err = json.Marshal(r.Value); err != nil {
			return connect.NewDataError("the value is not JSON: %w", err)
		}
	}
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, t.config.String("http.url"), bytes.NewReader(body))
	if err != nil {
		return err
	}
	request.Header.Set("Authorization", "Bearer "+t.config.Password("http.token").Reveal())
	answer, err := t.transport.RoundTrip(request)
	if err != nil {
		return connect.Retriable(err)
	}
	defer answer.Body.Close()
	switch status := answer.StatusCode; {
	case status < 300:
		return nil
	case status == http.StatusTooManyRequests || status >= 500:
		return connect.Retriable(fmt.Errorf("post to %s: %s", request.URL, answer.Status))
	case status == http.StatusUnauthorized || status == http.StatusForbidden: // no fault of the record: somebody has to mend it
		return fmt.Errorf("post to %s: %s", request.URL, answer.Status)
	}
	return connect.NewDataError("post to %s: %s", request.URL, answer.Status)
}

func (t *task) Stop(context.Context) error {
	t.transport.CloseIdleConnections()
	return nil
}
