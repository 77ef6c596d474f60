package worker

import (
	"fmt"

	"sluice/connect"
	"sluice/worker/task"
)

// addConverters makes the three converters of a task.
func (h *Herder) addConverters(cfg *task.Config, connector map[string]string) (err error) {
	if cfg.KeyConverter, cfg.KeyConverterClass, err = h.cfg.newConverter(h.plugins, KeyConverterConfig, connector); err != nil {
		return err
	}
	if cfg.ValueConverter, cfg.ValueConverterClass, err = h.cfg.newConverter(h.plugins, ValueConverterConfig, connector); err != nil {
		return err
	}
	cfg.HeaderConverter, cfg.HeaderConverterClass, err = h.cfg.newHeaderConverter(h.plugins, connector)
	return err
}

// newConverter makes the converter that serves key for a connector; nil is the worker's own.
func (c *Config) newConverter(plugins *connect.Plugins, key string, connector map[string]string) (connect.Converter, string, error) {
	s := c.converter(key, connector)
	plugin, err := plugins.Find(s.class, connect.ConverterPluginType)
	if err != nil {
		return nil, "", &connect.ConfigError{Key: key, Value: s.class, Rule: err.Error()}
	}
	conv := plugin.NewConverter()
	if err := conv.Configure(s.props, key == KeyConverterConfig); err != nil {
		return nil, "", fmt.Errorf("configure %s %s: %w", key, plugin.Class, err)
	}
	return conv, plugin.Class, nil
}

// newHeaderConverter makes the header converter of a connector; nil is the worker's own.
func (c *Config) newHeaderConverter(plugins *connect.Plugins, connector map[string]string) (connect.HeaderConverter, string, error) {
	s := c.converter(HeaderConverterConfig, connector)
	plugin, err := plugins.Find(s.class, connect.HeaderConverterPluginType)
	if err != nil {
		return nil, "", &connect.ConfigError{Key: HeaderConverterConfig, Value: s.class, Rule: err.Error()}
	}
	conv := plugin.NewHeaderConverter()
	if err := conv.Configure(s.props); err != nil {
		return nil, "", fmt.Errorf("configure %s %s: %w", HeaderConverterConfig, plugin.Class, err)
	}
	return conv, plugin.Class, nil
}
