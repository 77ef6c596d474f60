package rest_test

import (
	"context"

	"sluice/worker"
)

func (m *model) PutTaskConfigs(_ context.Context, _ string, _ []worker.Properties, signature *worker.RequestSignature) error {
	return unsigned(signature)
}

func (m *model) FenceZombies(_ context.Context, _ string, signature *worker.RequestSignature) error {
	return unsigned(signature)
}

func unsigned(signature *worker.RequestSignature) error {
	if signature == nil {
		return &worker.BadRequestError{Message: "Internal request missing required signature"}
	}
	return &worker.UnavailableError{Message: "no key"}
}
