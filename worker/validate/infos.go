package validate

import "sluice/connect"

// ConfigInfos is the outcome of a check: every setting with its definition, its value, and what is wrong with it.
//
//	{"name":"com.acme.Sink","error_count":1,"groups":["Common"],"configs":[{"definition":{…},"value":{…}}]}
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConfigInfos.
type ConfigInfos struct {
	Name       string       `json:"name"` // connector.class as it was given
	ErrorCount int          `json:"error_count"`
	Groups     []string     `json:"groups"`
	Configs    []ConfigInfo `json:"configs"`

	listed map[string]bool // Groups, while they are gathered: there may be as many as a request has room for
}

// ConfigInfo is one setting. Definition is nil for a key that nothing defines.
type ConfigInfo struct {
	Definition *ConfigKeyInfo   `json:"definition"`
	Value      *ConfigValueInfo `json:"value"`
}

// ConfigKeyInfo is the definition of a setting; nil pointers are null on the wire.
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConfigKeyInfo.
type ConfigKeyInfo struct {
	Name          string             `json:"name"`
	Type          connect.ConfigType `json:"type"`
	Required      bool               `json:"required"`
	DefaultValue  *string            `json:"default_value"`
	Importance    connect.Importance `json:"importance"`
	Documentation string             `json:"documentation"`
	Group         *string            `json:"group"`
	Width         connect.Width      `json:"width"`
	DisplayName   string             `json:"display_name"`
	Dependents    []string           `json:"dependents"` // never nil
	Order         int                `json:"order"`      // within the group; -1 without one
}

// ConfigValueInfo is the value of a setting: the given one as it was understood, or the default. It is nil if there is neither, or if the
// given one could not be understood. Secrets are shown as [connect.Hidden].
//
// Kafka: org.apache.kafka.connect.runtime.rest.entities.ConfigValueInfo.
type ConfigValueInfo struct {
	Name              string   `json:"name"`
	Value             *string  `json:"value"`
	RecommendedValues []string `json:"recommended_values"` // never nil
	Errors            []string `json:"errors"`             // never nil
	Visible           bool     `json:"visible"`
}

// Err returns nil for a configuration without errors, else an [*InvalidConfigError].
func (c ConfigInfos) Err() error {
	if c.ErrorCount == 0 {
		return nil
	}
	err := &InvalidConfigError{Count: c.ErrorCount}
	for _, info := range c.Configs {
		if info.Value != nil {
			err.Errors = append(err.Errors, info.Value.Errors...)
		}
	}
	return err
}

// keyInfo describes a key that stands behind a prefix in a connector's configuration. The prefix is part of the name only.
//
// Kafka: AbstractHerder.convertConfigKey.
func keyInfo(k connect.ConfigKey, prefix string) *ConfigKeyInfo {
	info := &ConfigKeyInfo{
		Name:          prefix + k.Name,
		Type:          k.Type,
		Required:      k.Required,
		DefaultValue:  shown(k.Default, k.Type),
		Importance:    k.Importance,
		Documentation: k.Doc,
		Width:         k.Width,
		DisplayName:   k.DisplayName,
		Dependents:    append([]string{}, k.Dependents...),
		Order:         -1,
	}
	if k.Group != "" {
		info.Group, info.Order = &k.Group, k.Order
	}
	if info.Width == "" {
		info.Width = connect.WidthNone
	}
	if info.DisplayName == "" {
		info.DisplayName = k.Name
	}
	return info
}

// valueInfo describes a checked value of a type.
//
// Kafka: AbstractHerder.convertConfigValue.
func valueInfo(v connect.ConfigValue, t connect.ConfigType) *ConfigValueInfo {
	info := &ConfigValueInfo{
		Name:              v.Name,
		Value:             shown(v.Value, t),
		RecommendedValues: make([]string, 0, len(v.Recommended)),
		Errors:            append([]string{}, v.Errors...),
		Visible:           !v.Hidden,
	}
	for _, r := range v.Recommended {
		info.RecommendedValues = append(info.RecommendedValues, connect.ConfigText(r, t))
	}
	return info
}

// shown is the text of a parsed value, nil for null.
func shown(v any, t connect.ConfigType) *string {
	if v == nil {
		return nil
	}
	text := connect.ConfigText(v, t)
	return &text
}
