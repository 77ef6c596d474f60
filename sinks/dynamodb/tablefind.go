package dynamodb

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"net/http"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb"
	"github.com/aws/aws-sdk-go-v2/service/dynamodb/types"
)

// finder gets to know a table before it is written to, and makes it if that is wanted.
type finder struct {
	session  *session
	settings *settings
	log      *slog.Logger
}

// errNeedsRecord is the error of a table that is to be made with a key whose types only a record can tell.
var errNeedsRecord = errors.New("the table is missing, and no record has told the types of its key yet")

// find takes one step towards a table that can be written to. With class done it is there; transient says to take the next step later, and the error why;
// any other class is final. Key is what a table that is missing gets; nil: that is not known.
//
// Several tasks, and workers, may be at it at once: whoever comes second finds the table that is being made.
func (f *finder) find(ctx context.Context, name string, key []specAttribute) (*table, class, error) {
	spec := &f.settings.tables
	if spec.blind {
		return f.untold(name)
	}
	found, class, err := f.session.describe(ctx, name)
	switch {
	case class == done:
		if err := spec.fits(found); err != nil {
			return nil, fatal, err
		}
		if spec.expires {
			if class, err := f.expire(ctx, name); class != done {
				return nil, class, err
			}
		}
		return found, done, nil
	case hasCode(err, accessDeniedCode):
		return f.denied(name, err)
	case hasCode(err, notFoundCode) && spec.create && key == nil:
		return nil, fatal, errNeedsRecord
	case hasCode(err, notFoundCode) && spec.create:
		class, err = f.create(ctx, name, key)
	}
	return nil, class, err
}

// untold returns a table by the settings, without a question to the service.
func (f *finder) untold(name string) (*table, class, error) {
	found, err := f.settings.tables.table(name, f.settings.keyTypes())
	if err != nil {
		return nil, fatal, err
	}
	if class, err := f.session.locate(); class != done {
		return nil, class, err
	}
	return found, done, nil
}

// denied does without the description of a table, if the settings have its key.
func (f *finder) denied(name string, reason error) (*table, class, error) {
	if f.settings.keyTypes() == nil {
		return nil, fatal, fmt.Errorf("%w: grant dynamodb:DescribeTable on the table, or say what its key is in %s, such as id:S, and what its indexes are in %s", reason, tableKeyConfig, tableIndexesConfig)
	}
	f.log.Warn("the table cannot be described, its key and indexes are taken from the settings", "err", reason, "key", listAttributes(f.settings.keyTypes()))
	return f.untold(name)
}

// create asks the service to make a table. The answer to wait is transient: it is made for some seconds.
func (f *finder) create(ctx context.Context, name string, key []specAttribute) (class, error) {
	in, err := f.settings.tables.input(name, key)
	if err != nil {
		return fatal, fmt.Errorf("make table %q: %w", name, err)
	}
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	_, err = f.session.api.CreateTable(ctx, in)
	switch class, err := f.session.failure("CreateTable", name, err); {
	case err == nil:
		f.log.Info("the table was missing and is being made", "table", name, "key", listAttributes(key), "billing_mode", in.BillingMode)
	case hasCode(err, inUseCode): // by another task
	default:
		return class, err
	}
	return transient, fmt.Errorf("table %q (%s) is being created", name, f.session.identity())
}

// expire turns the time to live on, unless it is.
func (f *finder) expire(ctx context.Context, name string) (class, error) {
	ctx, cancel := context.WithTimeout(ctx, callTimeout)
	defer cancel()
	attribute := f.settings.mapping.derived.ttl.attribute
	is := func() (bool, class, error) {
		out, err := f.session.api.DescribeTimeToLive(ctx, &dynamodb.DescribeTimeToLiveInput{TableName: aws.String(name)})
		if class, err := f.session.failure("DescribeTimeToLive", name, err); err != nil {
			return false, class, err
		}
		d := out.TimeToLiveDescription
		if d == nil || d.TimeToLiveStatus != types.TimeToLiveStatusEnabled && d.TimeToLiveStatus != types.TimeToLiveStatusEnabling {
			return false, done, nil
		}
		if has := aws.ToString(d.AttributeName); has != attribute {
			return false, fatal, fmt.Errorf("time to live of table %q: the settings (%s) want it on attribute %q, found it on %q", name, ttlAttributeConfig, attribute, has)
		}
		return true, done, nil
	}
	if on, class, err := is(); on || err != nil {
		return class, err
	}
	_, err := f.session.api.UpdateTimeToLive(ctx, &dynamodb.UpdateTimeToLiveInput{
		TableName: aws.String(name), TimeToLiveSpecification: &types.TimeToLiveSpecification{AttributeName: aws.String(attribute), Enabled: aws.Bool(true)},
	})
	class, err := f.session.failure("UpdateTimeToLive", name, err)
	switch {
	case err == nil:
		f.log.Info("the table's time to live is turned on", "table", name, "attribute", attribute)
	case hasCode(err, validationCode): // another task may have been quicker
		if on, _, _ := is(); on {
			return done, nil
		}
	}
	return class, err
}

const (
	notFoundCode     = "ResourceNotFoundException"
	inUseCode        = "ResourceInUseException"
	accessDeniedCode = "AccessDeniedException"
	validationCode   = "ValidationException"
)

// hasCode reports whether the service has answered with an error code.
func hasCode(err error, code string) bool {
	var e *serviceError
	return errors.As(err, &e) && e.code == code
}

// failure says what the answer to a call about a table means, and names the call. It is done, and nil, for nil.
func (s *session) failure(operation, name string, err error) (class, error) {
	if err == nil {
		return done, nil
	}
	class, cause := s.classifyDescribe(err)
	return class, fmt.Errorf("%s of table %q (%s): %w", operation, name, s.identity(), cause)
}

// locate finds out where requests go, without one: the SDK makes it and it is not sent.
func (s *session) locate() (class, error) {
	_, err := s.api.DescribeTable(context.Background(), &dynamodb.DescribeTableInput{TableName: aws.String("none")}, func(o *dynamodb.Options) { o.HTTPClient = unsent{} })
	if s.endpoint == "" {
		class, cause := s.classifyDescribe(err)
		return class, fmt.Errorf("find the service (%s): %w", s.identity(), cause)
	}
	return done, nil
}

// unsent is an HTTP client that sends nothing.
type unsent struct{}

var errUnsent = errors.New("not to be sent")

// Do refuses the request.
func (unsent) Do(*http.Request) (*http.Response, error) { return nil, errUnsent }
