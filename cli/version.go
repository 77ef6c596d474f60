package cli

import "runtime/debug"

// Commit returns the commit the program was built from, shortened as Kafka shows its own, or "unknown".
func Commit() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	for _, s := range info.Settings {
		if s.Key == "vcs.revision" && len(s.Value) >= 16 {
			return s.Value[:16]
		}
	}
	return "unknown"
}

// moduleVersion returns the version of the Sluice module that the program was built with, without the v, or "dev".
func moduleVersion() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "dev"
	}
	for _, m := range info.Deps {
		if m.Path == "sluice" && len(m.Version) > 1 && m.Version[0] == 'v' {
			return m.Version[1:]
		}
	}
	return "dev"
}
