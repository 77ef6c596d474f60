package worker

import (
	"errors"
	"fmt"
	"log/slog"
	"maps"
	"strings"

	"sluice/connect"
	"sluice/worker/provider"
	"sluice/worker/store"
	"sluice/worker/validate"
)

// Variables such as ${file:/run/secrets/db.properties:password} are replaced where a setting is about to be used: the worker's own
// when it is loaded, a connector's when it is checked and whenever the connector or one of its tasks is started. What is kept, and what
// is answered, is the text with its variables.
//
// Kafka: org.apache.kafka.connect.runtime.WorkerConfigTransformer.

// variables are a worker's config providers, and what they said about the worker's own settings.
type variables struct {
	providers *provider.Providers
	secrets   *provider.Secrets
}

// resolveProperties replaces the variables in a worker's settings by what the config providers named in them say. It reads files.
func resolveProperties(props map[string]string, environ []string) (map[string]string, variables, []Notice, error) {
	providers, warnings, err := provider.New(props, environ)
	if err != nil {
		return nil, variables{}, nil, err
	}
	r, err := providers.Resolve(props)
	if err != nil {
		return nil, variables{}, nil, fmt.Errorf("resolve the variables of the worker's settings: %w", err)
	}
	var notices []Notice
	for _, w := range append(warnings, r.Warnings...) {
		notices = append(notices, Notice{slog.LevelWarn, w})
	}
	return r.Config, variables{providers, r.Secrets}, notices, nil
}

// redact takes the values of variables out of what LoadConfig says.
func (v variables) redact(notices []Notice, err error) ([]Notice, error) {
	for i := range notices {
		notices[i].Text = v.secrets.Redact(notices[i].Text)
	}
	return notices, v.secrets.Error(err)
}

// resolve is lookUp for settings whose warnings were not given yet.
func (h *Herder) resolve(connector string, config store.Properties) (map[string]string, *provider.Secrets, error) {
	settings, secrets, warnings, err := h.lookUp(config)
	for _, w := range warnings {
		h.logger.Warn(w, "connector", connector)
	}
	return settings, secrets, err
}

// lookUp replaces the variables in a connector's or task's settings; their nulls are left out. The secrets are those of the settings,
// passwords that stand in them included, and of the worker, whether or not there is an error. It reads files.
func (h *Herder) lookUp(config store.Properties) (settings map[string]string, secrets *provider.Secrets, warnings []string, err error) {
	r, err := h.cfg.vars.providers.Resolve(config.Map())
	if err != nil {
		return nil, h.cfg.vars.secrets, nil, err
	}
	secrets = h.cfg.vars.secrets.With(r.Secrets)
	for _, key := range h.secretKeys.Of(r.Config) {
		secrets = secrets.WithHidden(r.Config[key])
	}
	return r.Config, secrets, r.Warnings, nil
}

// resolveTask replaces the variables in the settings that a task is started with.
//
// Kafka: ClusterConfigState.connectorConfig, taskConfig.
func (h *Herder) resolveTask(connector, settings store.Properties) (c, s map[string]string, secrets *provider.Secrets, err error) {
	c, secrets, _, err = h.lookUp(connector) // warnings are given when the connector is started
	if err != nil {
		return nil, nil, secrets, err
	}
	s, more, _, err := h.lookUp(settings)
	return c, s, secrets.With(more), err
}

// validateConfig checks a connector's configuration with its variables resolved. If that is not possible the error is a
// [*validate.ExceptionError].
//
// Kafka: AbstractHerder.validateConnectorConfig.
// Differs: Java shows what variables stand for in the values and errors that it answers, unless the setting is a password. Here both
// keep the variable, else whoever may validate could read every file that the worker may.
func (h *Herder) validateConfig(config Properties) (validate.ConfigInfos, error) {
	given := config.NullableMap()
	name, _ := config.Get(validate.NameConfig)
	settings, secrets, err := h.resolve(name, config)
	if unread := (*provider.Error)(nil); errors.As(err, &unread) { // why is for the log, what for the answer
		h.logger.Error("the variables of a configuration cannot be resolved", "connector", name, "err", err, "cause", unread.Cause)
		return validate.ConfigInfos{}, &validate.ExceptionError{Class: unread.Class, Message: unread.Message}
	}
	if err != nil {
		return validate.ConfigInfos{}, err
	}
	if given[validate.ConnectorClassConfig] == nil {
		return h.validator.Validate(given) // which answers with the whole configuration
	}
	resolved := maps.Clone(given)
	for key := range settings {
		resolved[key] = new(settings[key])
	}
	aliases := resolvedAliases(given, settings)
	secrets = secrets.WithHidden(aliases...)
	infos, err := h.validator.Validate(resolved)
	if err != nil {
		return infos, secrets.Error(err)
	}
	for _, info := range infos.Configs {
		if info.Value != nil {
			unresolve(info.Value, given[info.Value.Name], secrets)
		}
	}
	hideAliases(&infos, aliases)
	return infos, nil
}

// resolvedAliases returns the aliases of transformations and predicates in lists that have variables: they become parts of the names that
// are answered.
func resolvedAliases(given map[string]*string, settings map[string]string) []string {
	var found []string
	for _, key := range []string{validate.TransformsConfig, validate.PredicatesConfig} {
		if text := given[key]; text != nil && *text != settings[key] { // what no provider has resolved is the client's own text
			parsed, _ := connect.ParseConfigValue(key, settings[key], connect.TypeList)
			aliases, _ := parsed.([]string)
			found = append(found, aliases...)
		}
	}
	return found
}

// hideAliases takes aliases that variables stand for out of the names of settings and groups, where they stand behind the kind of plugin.
func hideAliases(infos *validate.ConfigInfos, aliases []string) {
	var none *provider.Secrets
	hidden := none.WithHidden(aliases...)
	if hidden == nil {
		return
	}
	hide := func(text, after string) string {
		if kind, alias, ok := strings.Cut(text, after); ok {
			return kind + after + hidden.Redact(alias)
		}
		return text
	}
	for i, group := range infos.Groups {
		infos.Groups[i] = hide(group, ": ")
	}
	for _, info := range infos.Configs {
		name := info.Value.Name
		if !strings.HasPrefix(name, validate.TransformsConfig+".") && !strings.HasPrefix(name, validate.PredicatesConfig+".") {
			continue
		}
		info.Value.Name = hide(name, ".")
		if d := info.Definition; d != nil {
			d.Name, d.Documentation, d.DisplayName = hide(d.Name, "."), hidden.Redact(d.Documentation), hidden.Redact(d.DisplayName)
			for i := range d.Dependents {
				d.Dependents[i] = hide(d.Dependents[i], ".")
			}
			if d.Group != nil {
				d.Group = new(hide(*d.Group, ": "))
			}
		}
	}
}

// unresolve puts the given text of a setting in place of its value, if it has variables.
func unresolve(v *validate.ConfigValueInfo, given *string, secrets *provider.Secrets) {
	if given != nil && provider.HasVariable(*given) && v.Value != nil && *v.Value != connect.Hidden {
		v.Value = given
	}
	for i := range v.Errors {
		v.Errors[i] = secrets.Redact(v.Errors[i])
	}
	for i := range v.RecommendedValues {
		v.RecommendedValues[i] = secrets.Redact(v.RecommendedValues[i])
	}
}

// reverseTransform puts the variables of a connector's configuration back into that of a task, which was made from resolved settings:
// under the keys that have variables in raw, whatever the plugin has made of them, and wherever else the plugin put what they stand for.
//
// Kafka: AbstractHerder.reverseTransform.
// Differs: Java sees to the connector's own keys alone, so that copies under other keys are stored as they are.
func reverseTransform(task, raw store.Properties, secrets *provider.Secrets) store.Properties {
	given := raw.NullableMap()
	out := make(store.Properties, len(task))
	for i, e := range task {
		text := given[e.Key]
		switch {
		case text != nil && provider.HasVariable(*text):
			e.Value = text
		case e.Value == nil, text != nil && *text == *e.Value, e.Key == validate.TaskClassConfig: // the user's own word, or the framework's
		default:
			e.Value = new(secrets.Restore(*e.Value))
		}
		out[i] = e
	}
	return out
}

// checkVariables resolves the variables in the settings of a task that exists.
func (h *Herder) checkVariables(id connect.TaskID) error {
	snapshot := h.configs.Snapshot()
	connector, _ := snapshot.ConnectorConfig(id.Connector)
	settings, _ := snapshot.TaskConfig(id)
	_, _, _, err := h.resolveTask(connector, settings)
	return err
}

// startFailure is what a request for a restart is answered with if the start has failed. What a config provider could not read is told
// as it is, as Java does.
func startFailure(what string, err error) error {
	if err == nil {
		return nil
	}
	if unread := (*provider.Error)(nil); errors.As(err, &unread) {
		return unread
	}
	return &ConnectError{Message: what, Err: err}
}
