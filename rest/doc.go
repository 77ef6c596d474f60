// Package rest serves the REST API of a Connect worker: routes, content negotiation, JSON bodies, error texts and timeouts as Kafka
// Connect 3.9 has them. It decides nothing about connectors: each handler turns a request into one call of the [Herder] and its outcome into
// an answer.
//
//	listeners.go   binds the addresses, plain or with TLS, and works out how this worker is called (worker id, advertised URL)
//	limit.go       how many connections a listener takes
//	server.go      Server: an http.Handler with a Run, its limits and its shutdown
//	routes.go      the table of endpoints: which method on which path is which handler
//	dispatch.go    what happens to every request around its handler: path, media types, time limit, panic, error
//	cors.go        the headers of the settings, those for pages of other origins among them
//	auth.go        names and passwords
//	media.go       what Accept and Content-Type allow
//	errors.go      the one place where an error becomes a status and a text
//	body.go        bodies, read as leniently and as strictly as Java's JSON library does
//	text.go        bytes in paths that are no text
//	starting.go    which requests wait until the worker knows what connectors there are
//	connectors.go, lifecycle.go, offsets.go, plugins.go, loggers.go, root.go   the handlers
//	internal.go    those for requests that workers send each other
//
// A worker binds first, because its id is the address it is reached at, and serves when its herder is there:
//
//	listeners, err := rest.Listen(ctx, rest.ListenerOptions{Listeners: []string{"http://:8083"}})
//	herder := …                                       // made with listeners.WorkerID()
//	server, err := rest.New(rest.Options{Herder: herder, Logger: logger})
//	err = server.Run(ctx, listeners)
//
// Kafka: org.apache.kafka.connect.runtime.rest.
package rest
