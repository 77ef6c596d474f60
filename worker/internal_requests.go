package worker

import (
	"context"
	"slices"
	"strings"

	"sluice/connect"
	"sluice/worker/store"
)

// The requests of this file are for workers among each other: they are carried out only if they are signed with the cluster's key.

// PutTaskConfigs replaces the configurations of all tasks of a connector, as the worker asks for that runs the connector. The signature is
// nil for a request without one. Errors of the signature are a [*BadRequestError], a [*ForbiddenError] or an [*UnavailableError]; then come
// a [*NotFoundError], a [*BadRequestError] if tasks are given to a connector that is stopped, and a [*ConnectError] if the list or one of the
// configurations is nil, which stands for a null.
//
// Kafka: DistributedHerder.putTaskConfigs with a signature.
func (h *Herder) PutTaskConfigs(ctx context.Context, connector string, configs []Properties, signature *RequestSignature) error {
	if err := h.checkSignature(signature); err != nil {
		return err
	}
	_, err := ask(ctx, h, func(reply func(struct{}, error)) {
		h.write(ctx, "writing the task configurations of connector "+connector, func() (func(context.Context) error, error) {
			switch s := h.configs.Snapshot(); {
			case !s.Contains(connector):
				return nil, notFound(connector)
			case len(configs) > 0 && s.TargetState(connector) == store.Stopped:
				return nil, &BadRequestError{Message: "Cannot submit non-empty set of task configs for stopped connector " + connector}
			case configs == nil || slices.ContainsFunc(configs, func(p Properties) bool { return p == nil }):
				return nil, &ConnectError{Message: "Cannot write the task configurations of connector " + connector + ": one of them, or the list, is null"}
			}
			return func(ctx context.Context) error { return h.configs.PutTaskConfigs(ctx, connector, configs) }, nil
		}, func(err error) { reply(struct{}{}, err) })
	})
	return err
}

// FenceZombies would keep earlier tasks of a source connector from writing any more. This worker runs no source connectors, so it always
// returns an error: one of the signature as PutTaskConfigs does, a [*NotFoundError], or a [*BadRequestError] because the connector is not a
// source.
//
// Kafka: DistributedHerder.fenceZombieSourceTasks.
func (h *Herder) FenceZombies(ctx context.Context, connector string, signature *RequestSignature) error {
	if err := h.checkSignature(signature); err != nil {
		return err
	}
	_, err := ask(ctx, h, func(reply func(struct{}, error)) {
		switch {
		case !h.configs.Snapshot().Contains(connector):
			reply(struct{}{}, notFound(connector))
		case h.connectorType(connector) != string(connect.SourcePluginType):
			reply(struct{}{}, &BadRequestError{Message: "Connector " + connector + " is not a source connector"})
		default:
			reply(struct{}{}, &ConnectError{Message: "Cannot fence out earlier tasks of connector " + connector + ": this worker runs no source connectors"})
		}
	})
	return err
}

// checkSignature lets a request among workers pass, or says what is wrong with its signature. Clusters whose members do not speak the
// sessioned protocol have no key, and sign nothing.
func (h *Herder) checkSignature(s *RequestSignature) error {
	if !h.cfg.sessioned() {
		return nil
	}
	return s.check(h.cfg.verificationAlgorithms(), h.configs.Snapshot().SessionKey())
}

// sessioned reports whether the cluster's members are to sign their requests.
func (c *Config) sessioned() bool {
	return strings.EqualFold(c.parsed.String(ProtocolConfig), protocolSessioned)
}

func (c *Config) verificationAlgorithms() []string {
	return c.parsed.List(VerificationAlgorithmsConfig)
}
