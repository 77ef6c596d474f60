package capturedtest

import "sluice/connect"

// Class returns the name of the exception that an error stands for, "" if it stands for none. Of several errors that were joined the first counts.
func Class(err error) string {
	switch err := err.(type) {
	case *connect.DataError:
		return "org.apache.kafka.connect.errors.DataException"
	case *connect.ConfigError:
		return "org.apache.kafka.common.config.ConfigException"
	case interface{ JavaClass() string }:
		return err.JavaClass()
	case interface{ Unwrap() []error }:
		return Class(err.Unwrap()[0])
	}
	return ""
}
