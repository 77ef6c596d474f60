package detector

import (
	"slices"
	"strconv"
)

// The optional group of application_properties.json with what the original job did not do, and its keys.
const (
	detectorGroup = "detector.config.0"
	oneAlertKey   = "one.alert"
)

// beyond reads the settings that go beyond the original job's, if there are any.
func (gs propertyGroups) beyond(c *Config) error {
	if !slices.ContainsFunc(gs, func(g propertyGroup) bool { return g.ID == detectorGroup }) {
		return nil
	}
	g, err := gs.find(detectorGroup)
	if err != nil {
		return err
	}
	c.OneAlert, err = g.boolean(oneAlertKey)
	return err
}

// boolean returns a value that may be missing, which means false.
func (g *propertyGroup) boolean(key string) (bool, error) {
	raw, ok := g.Map[key]
	if !ok {
		return false, nil
	}
	switch text := string(raw); text {
	case "true", `"true"`:
		return true, nil
	case "false", `"false"`:
		return false, nil
	default:
		if unquoted, err := strconv.Unquote(text); err == nil {
			text = unquoted
		}
		return false, &PropertyError{Group: g.ID, Key: key, Value: text, Rule: "must be true or false"}
	}
}
