// Package sluice is the root of the module: it holds no code, only the tests that concern the repository as a
// whole (who may import whom, the compose file). The program is cmd/sluice; the README shows where to look.
package sluice
