package clients_test

import (
	"fmt"
	"slices"
)

// What forms are built from: the definitions of settings and the outcome of a validation. Each enumeration is closed in at least one client.

// keyDefinition is a setting as plugins describe it.
type keyDefinition struct {
	Name          string   `json:"name"`
	Type          string   `json:"type"`
	Required      *bool    `json:"required"`
	Default       *string  `json:"default_value"` // may be null
	Importance    string   `json:"importance"`
	Documentation *string  `json:"documentation"`
	Group         *string  `json:"group"` // may be null
	Width         string   `json:"width"`
	DisplayName   string   `json:"display_name"`
	Dependents    []string `json:"dependents"`
	Order         *int     `json:"order"`
}

func (d keyDefinition) check() error {
	for what, value := range map[string]string{"type": d.Type, "importance": d.Importance, "width": d.Width} {
		if !slices.Contains(enumerations[what], value) {
			return fmt.Errorf("%s of %q is %q, want one of %s", what, d.Name, value, enumerations[what])
		}
	}
	if d.Name == "" || d.DisplayName == "" || d.Required == nil || d.Documentation == nil || d.Dependents == nil || d.Order == nil {
		return fmt.Errorf("the definition of %q lacks a field: %+v", d.Name, d)
	}
	return nil
}

var enumerations = map[string][]string{
	"type":       {"BOOLEAN", "CLASS", "DOUBLE", "INT", "LIST", "LONG", "PASSWORD", "SHORT", "STRING"},
	"importance": {"LOW", "MEDIUM", "HIGH"},
	"width":      {"SHORT", "MEDIUM", "LONG", "NONE"},
}

// keyDefinitions reads the settings of a plugin, one of which is known.
func keyDefinitions(known string) reader {
	return as(func(_ answer, list []keyDefinition) error {
		found := false
		for _, d := range list {
			if err := d.check(); err != nil {
				return err
			}
			found = found || d.Name == known
		}
		if !found {
			return fmt.Errorf("%s is not among the settings", known)
		}
		return nil
	})
}

// validation is the answer of validate.
type validation struct {
	Name       string   `json:"name"`
	ErrorCount *int     `json:"error_count"`
	Groups     []string `json:"groups"`
	Configs    []struct {
		Definition *keyDefinition `json:"definition"`
		Value      *struct {
			Name        string   `json:"name"`
			Value       *string  `json:"value"` // may be null
			Recommended []string `json:"recommended_values"`
			Errors      []string `json:"errors"`
			Visible     *bool    `json:"visible"`
		} `json:"value"`
	} `json:"configs"`
}

// validated reads a validation with so many errors: lists are never null, and each setting has both its parts.
func validated(errors int) reader {
	return as(func(_ answer, v validation) error {
		if v.Name == "" || v.ErrorCount == nil || v.Groups == nil || len(v.Configs) == 0 {
			return fmt.Errorf("name, error_count, groups or configs is missing")
		}
		found := 0
		for _, c := range v.Configs {
			if c.Definition == nil || c.Value == nil {
				return fmt.Errorf("a setting without definition or value: %+v", c)
			}
			if err := c.Definition.check(); err != nil {
				return err
			}
			if c.Value.Name != c.Definition.Name || c.Value.Recommended == nil || c.Value.Errors == nil || c.Value.Visible == nil {
				return fmt.Errorf("the value of %q lacks a field: %+v", c.Definition.Name, *c.Value)
			}
			found += len(c.Value.Errors)
		}
		if found != errors || *v.ErrorCount != errors {
			return fmt.Errorf("%d errors and an error_count of %d, want %d", found, *v.ErrorCount, errors)
		}
		return nil
	})
}
