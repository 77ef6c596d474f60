package validate_test

import (
	"slices"
	"testing"

	"sluice/connect"
	"sluice/worker/validate"
)

func TestSecretKeys(t *testing.T) {
	const class = "com.acme.SecretSink"
	plugins := newPlugins(t, connect.Plugin{Class: class, Type: connect.SinkPluginType, TaskClass: class + "Task", NewSink: func() connect.SinkConnector {
		return sink{def: connect.NewConfigDef(
			connect.ConfigKey{Name: "pin", Type: connect.TypePassword, Importance: connect.High},
			connect.ConfigKey{Name: "token.url", Type: connect.TypeString, Importance: connect.High},
		)}
	}})
	props := map[string]string{
		"connector.class": class, "name": "x", "pin": "1", "token.url": "u", "db.password": "p", "password.other": "p", "user": "u",
		"consumer.override.sasl.jaas.config": "j", "consumer.override.client.id": "c", "admin.override.ssl.key.password": "k", "consumer.override.my.secret": "s",
		"transforms.a.token.field": "f", "value.converter": jsonConverter, "value.converter.schemas.enable": "true", "errors.deadletterqueue.topic.name": "d",
	}
	want := []string{"admin.override.ssl.key.password", "consumer.override.my.secret", "consumer.override.sasl.jaas.config", "db.password", "password.other", "pin"}
	secrets := validate.NewSecretKeys(plugins)
	if got := secrets.Of(props); !slices.Equal(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	props["connector.class"] = "com.acme.Unknown"
	if got := secrets.Of(props); slices.Contains(got, "pin") || !slices.Contains(got, "token.url") {
		t.Errorf("for a class that is not known: %q", got)
	}
}
