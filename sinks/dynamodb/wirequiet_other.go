//go:build !unix

package dynamodb

import "net"

// isQuiet cannot look without reading here: a call on a connection that the server has closed fails, and is made again by the engine.
func isQuiet(net.Conn) bool { return true }
