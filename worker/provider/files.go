package provider

import (
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"time"

	"sluice/worker/properties"
)

// maxFileBytes bounds what is read of one file. Settings are small; a device never ends.
const maxFileBytes = 16 << 20

// files are .properties files: a variable's path names the file, its key the property.
//
// Kafka: org.apache.kafka.common.config.provider.FileConfigProvider.
// Differs: what is no regular file, or larger than 16 MiB, counts as one that cannot be read.
type files struct{ allowed allowedPaths }

func newFiles(params map[string]string, _ []string) (source, *badParam) {
	allowed, rule := parseAllowedPaths(params[AllowedPathsParam])
	if rule != "" {
		return nil, &badParam{AllowedPathsParam, rule}
	}
	return files{allowed}, nil
}

func (f files) values(path string, _ []string) (map[string]string, string, error) {
	if path == "" {
		return nil, "", nil
	}
	admitted, ok, err := f.allowed.admit(path)
	switch {
	case err != nil:
		return nil, "", err
	case !ok:
		return nil, notAllowed(path), nil
	}
	text, err := readRegular(admitted)
	if err != nil {
		return nil, "", configException(err, "Could not read properties from file %s", path)
	}
	values, err := properties.ReadUTF8(strings.NewReader(text))
	switch {
	case errors.Is(err, properties.ErrMalformedEscape):
		return nil, "", &Error{Class: "java.lang.IllegalArgumentException", Message: properties.ErrMalformedEscape.Error(), Cause: err}
	case err != nil:
		return nil, "", configException(err, "Could not read properties from file %s", path)
	}
	return values, "", nil
}

// directories are directories of files: a variable's path names the directory, its key the file, whose whole text is the value.
//
// Kafka: org.apache.kafka.common.config.provider.DirectoryConfigProvider.
// Differs: a file larger than 16 MiB counts as one that cannot be read.
type directories struct{ allowed allowedPaths }

func newDirectories(params map[string]string, _ []string) (source, *badParam) {
	allowed, rule := parseAllowedPaths(params[AllowedPathsParam])
	if rule != "" {
		return nil, &badParam{AllowedPathsParam, rule}
	}
	return directories{allowed}, nil
}

func (d directories) values(path string, keys []string) (map[string]string, string, error) {
	if path == "" {
		return nil, "", nil
	}
	dir, ok, err := d.allowed.admit(path)
	switch {
	case err != nil:
		return nil, "", err
	case !ok:
		return nil, notAllowed(path), nil
	}
	if info, err := os.Stat(dir); err != nil || !info.IsDir() {
		return nil, "The path " + path + " is not a directory", nil
	}
	entries, err := os.ReadDir(dir)
	if err != nil {
		return nil, "", configException(err, "Could not list directory %s", dir)
	}
	values := map[string]string{}
	for _, e := range entries { // only what is in the list is a key: "../other" is none
		name := e.Name()
		if !slices.Contains(keys, name) {
			continue
		}
		file := filepath.Join(dir, name)
		if info, err := os.Stat(file); err != nil || !info.Mode().IsRegular() {
			continue
		}
		text, err := readRegular(file)
		if err != nil {
			return nil, "", configException(err, "Could not read file %s for property %s", file, name)
		}
		values[name] = strings.ToValidUTF8(text, "\uFFFD")
	}
	return values, "", nil
}

// readTimeout bounds the reading of one file: there are regular files that keep a reader waiting for ever, such as /proc/kmsg.
const readTimeout = 2 * time.Second

// readRegular reads a regular file, or what a symbolic link to one leads to. Anything else could keep the reader waiting for ever, be it put
// in the place of a regular file between the first look and the opening.
func readRegular(path string) (string, error) {
	info, err := os.Stat(path) // before it is opened: the opening of a device may do something
	switch {
	case err != nil:
		return "", err
	case !info.Mode().IsRegular():
		return "", fmt.Errorf("read %s: not a regular file", path)
	}
	f, err := os.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return "", err
	}
	defer f.Close()
	opened, err := f.Stat()
	switch {
	case err != nil:
		return "", err
	case !opened.Mode().IsRegular():
		return "", fmt.Errorf("read %s: not a regular file", path)
	}
	_ = f.SetReadDeadline(time.Now().Add(readTimeout)) // what cannot have one, such as a file on a disk, needs none
	data, err := io.ReadAll(io.LimitReader(f, maxFileBytes+1))
	if err != nil {
		return "", err
	}
	if len(data) > maxFileBytes {
		return "", fmt.Errorf("read %s: larger than %d bytes", path, maxFileBytes)
	}
	return string(data), nil
}
