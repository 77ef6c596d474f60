package integration

import (
	"context"
	"sync"
	"time"

	"github.com/testcontainers/testcontainers-go"
)

// dockerAnswers reports whether there is a Docker engine. It is asked once.
var dockerAnswers = sync.OnceValue(func() (ok bool) {
	// testcontainers panics where it finds no way at all to look for an engine.
	defer func() {
		if recover() != nil {
			ok = false
		}
	}()
	ctx, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	provider, err := testcontainers.ProviderDocker.GetProvider()
	if err != nil {
		return false
	}
	defer provider.Close()
	return provider.Health(ctx) == nil
})

// runContainer starts a container, has it removed at the end of the run, and returns it with the host's address of its port.
func runContainer(ctx context.Context, image, port string, options ...testcontainers.ContainerCustomizer) (*testcontainers.DockerContainer, string, error) {
	c, err := testcontainers.Run(ctx, image, append(options, testcontainers.WithExposedPorts(port))...)
	if c != nil {
		atEnd(func() { _ = testcontainers.TerminateContainer(c) })
	}
	if err != nil {
		return nil, "", err
	}
	addr, err := c.PortEndpoint(ctx, port, "")
	return c, addr, err
}
