package provider

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
)

// allowedPaths are the places that a provider may read from, with all that is below them.
//
// Paths are compared as texts without "." and "..". Symbolic links are not followed for that: one inside of an allowed place leads
// wherever it leads, and whoever can make one there decides what may be read.
//
// Kafka: org.apache.kafka.common.config.internals.AllowedPaths.
type allowedPaths struct {
	restricted bool
	places     []string
}

// parseAllowedPaths reads the parameter allowed.paths; empty text is no restriction. rule is what is wrong with it, in Java's words.
func parseAllowedPaths(text string) (a allowedPaths, rule string) {
	if text == "" {
		return allowedPaths{}, ""
	}
	a.restricted = true
	for _, place := range splitAsJava(text) {
		place = normalize(place)
		if !filepath.IsAbs(place) {
			return allowedPaths{}, "Path " + place + " is not absolute"
		}
		if _, err := os.Stat(place); err != nil {
			return allowedPaths{}, "Path " + place + " does not exist"
		}
		a.places = append(a.places, place)
	}
	return a, ""
}

// splitAsJava splits at commas; empty texts at the end do not count. Blanks belong to the paths.
func splitAsJava(text string) []string {
	parts := strings.Split(text, ",")
	for len(parts) > 0 && parts[len(parts)-1] == "" {
		parts = parts[:len(parts)-1]
	}
	return parts
}

// normalize takes "." and ".." out of a path, without asking the file system. Nothing stays nothing.
func normalize(path string) string {
	if path == "" {
		return ""
	}
	return filepath.Clean(path)
}

// admit returns the path to read for one that a variable names; ok is false if it is none of the allowed.
func (a allowedPaths) admit(path string) (admitted string, ok bool, err error) {
	if strings.ContainsRune(path, 0) {
		return "", false, &Error{Class: "java.nio.file.InvalidPathException", Message: "Nul character not allowed: " + path}
	}
	if !a.restricted {
		return path, true, nil
	}
	path = normalize(path)
	return path, slices.ContainsFunc(a.places, func(place string) bool {
		return path == place || strings.HasPrefix(path, strings.TrimSuffix(place, "/")+"/")
	}), nil
}

func notAllowed(path string) string { return "The path " + path + " is not allowed to be accessed" }
