package dynamodb

import (
	"crypto/tls"
	"errors"
	"net"

	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
)

// credentialsError says why there are no credentials.
type credentialsError struct {
	class    class  // fatal: somebody has to change rights or settings; transient: the source may answer later
	code     string // of the service that was asked for them
	outage   bool   // it did not answer, or said that it cannot now
	answered bool   // it did answer
	wrapped  error
}

func (e *credentialsError) Error() string { return "fetch credentials: " + e.wrapped.Error() }

func (e *credentialsError) Unwrap() error { return e.wrapped }

// finalCodes are what STS and the services for single sign-on say to a request that will not be granted before somebody changes a policy, a trust or a
// setting.
var finalCodes = map[string]bool{
	"AccessDenied": true, "AccessDeniedException": true, "UnauthorizedException": true, "ForbiddenException": true,
	"InvalidClientTokenId": true, "UnrecognizedClientException": true, "SignatureDoesNotMatch": true, "MissingAuthenticationToken": true, "OptInRequired": true,
	"ValidationError": true, "MalformedPolicyDocument": true, "PackedPolicyTooLarge": true, "RegionDisabledException": true, "NoSuchEntity": true,
}

// newCredentialsError judges an error of a source of credentials. What a source fails with that has worked before heals by itself more often than not
// (a token file that is just being written, an agent that starts anew), so only a service's own refusal is final.
func newCredentialsError(err error) *credentialsError {
	var known *credentialsError
	if errors.As(err, &known) { // of the credentials that the request for these was to be signed with
		return &credentialsError{known.class, known.code, known.outage, known.answered, err}
	}
	e := &credentialsError{class: transient, outage: isOutage(err), wrapped: err}
	var answer *smithyhttp.ResponseError
	e.answered = errors.As(err, &answer)
	var api smithy.APIError
	if errors.As(err, &api) {
		e.code = api.ErrorCode()
		if finalCodes[e.code] {
			e.class = fatal
		}
	}
	return e
}

// isOutage reports whether an error means that a service is there, and did not answer or not now.
func isOutage(err error) bool {
	var unknownHost *net.DNSError
	var untrusted *tls.CertificateVerificationError
	if errors.As(err, &unknownHost) && unknownHost.IsNotFound || errors.As(err, &untrusted) {
		return false
	}
	var api smithy.APIError
	if errors.As(err, &api) && (api.ErrorCode() == "Throttling" || api.ErrorCode() == "ThrottlingException" || api.ErrorCode() == "IDPCommunicationError") {
		return true
	}
	var answer *smithyhttp.ResponseError
	if errors.As(err, &answer) && answer.Response != nil {
		return answer.HTTPStatusCode() >= 500 || answer.HTTPStatusCode() == 429
	}
	var unsent *smithyhttp.RequestSendError
	var network net.Error
	return errors.As(err, &unsent) || errors.As(err, &network)
}
