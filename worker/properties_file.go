package worker

import (
	"io"

	"sluice/worker/properties"
)

// ReadProperties reads a worker's properties file; see [properties.Read].
func ReadProperties(r io.Reader) (map[string]string, error) { return properties.Read(r) }
