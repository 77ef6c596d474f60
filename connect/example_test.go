package connect_test

import (
	"context"
	"fmt"
	"maps"
	"os"

	"sluice/connect"
)

// GreeterConnector is a complete sink: it prints a line for each record.
type GreeterConnector struct {
	props map[string]string
}

// Config defines the settings; parsing, validation and the REST API's answers come from it.
func (*GreeterConnector) Config() *connect.ConfigDef {
	return connect.NewConfigDef(connect.ConfigKey{
		Name: "greeting", Type: connect.TypeString, Default: "hello",
		Validator: connect.NonEmptyString(), Importance: connect.High, Doc: "What stands before each value.",
	})
}

func (*GreeterConnector) Version() string { return "1.0.0" }

func (c *GreeterConnector) Start(_ context.Context, props map[string]string) error {
	c.props = props
	return nil
}

// TaskConfigs gives every task the connector's own settings: the consumer group spreads the partitions.
func (c *GreeterConnector) TaskConfigs(maxTasks int) ([]map[string]string, error) {
	configs := make([]map[string]string, maxTasks)
	for i := range configs {
		configs[i] = maps.Clone(c.props) // each task has a map of its own
	}
	return configs, nil
}

func (*GreeterConnector) Stop(context.Context) error { return nil }

func (c *GreeterConnector) NewTask() connect.SinkTask { return &greeterTask{def: c.Config()} }

type greeterTask struct {
	def      *connect.ConfigDef
	greeting string
}

func (t *greeterTask) Start(_ context.Context, _ connect.SinkTaskContext, props map[string]string) error {
	config, err := t.def.Parse(props)
	if err != nil {
		return err
	}
	t.greeting = config.String("greeting")
	return nil
}

// Put has written everything when it returns, so the task needs neither Flush nor PreCommit.
func (t *greeterTask) Put(_ context.Context, records []connect.SinkRecord) error {
	for i := range records {
		if _, err := fmt.Fprintln(os.Stdout, t.greeting, records[i].Value); err != nil {
			return connect.Retriable(err)
		}
	}
	return nil
}

func (*greeterTask) Stop(context.Context) error { return nil }

// A sink is registered by its class name in a set of plugins, which main passes to the worker.
func Example() {
	plugins, err := connect.NewPlugins(connect.Plugin{
		Class: "com.example.GreeterConnector", TaskClass: "com.example.GreeterTask",
		Type: connect.SinkPluginType, Version: "1.0.0",
		NewSink: func() connect.SinkConnector { return &GreeterConnector{} },
	})
	if err != nil {
		fmt.Println(err)
		return
	}

	// What the worker does with it, in short:
	ctx := context.Background()
	plugin, err := plugins.Find("Greeter", connect.SinkPluginType) // a class name or an alias
	if err != nil {
		fmt.Println(err)
		return
	}
	connector := plugin.NewSink()
	if err := connector.Start(ctx, map[string]string{"greeting": "good morning,"}); err != nil {
		fmt.Println(err)
		return
	}
	configs, err := connector.TaskConfigs(1)
	if err != nil {
		fmt.Println(err)
		return
	}
	task := connector.NewTask()
	if err := task.Start(ctx, nil, configs[0]); err != nil {
		fmt.Println(err)
		return
	}
	if err := task.Put(ctx, []connect.SinkRecord{{Topic: "names", Value: "Ada"}, {Topic: "names", Offset: 1, Value: "Grace"}}); err != nil {
		fmt.Println(err)
		return
	}
	// Output:
	// good morning, Ada
	// good morning, Grace
}
