package kafka

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"regexp"

	"github.com/aws/aws-msk-iam-sasl-signer-go/signer"
	"github.com/aws/aws-sdk-go-v2/aws"
	awsconfig "github.com/aws/aws-sdk-go-v2/config"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/credentials/stscreds"
	"github.com/aws/aws-sdk-go-v2/service/sts"

	"sluice/internal/jaas"
)

const mskModule = "software.amazon.msk.auth.iam.IAMLoginModule"

// newMSKLogin reads the settings that Java users have for Amazon MSK's IAM access control:
//
//	sasl.mechanism=AWS_MSK_IAM
//	sasl.client.callback.handler.class=software.amazon.msk.auth.iam.IAMClientCallbackHandler
//	sasl.jaas.config=software.amazon.msk.auth.iam.IAMLoginModule required awsProfileName="prod" awsRoleArn="arn:aws:iam::1:role/r";
//
// AWS_MSK_IAM is a mechanism of Amazon's Java library alone. The brokers take the same proof, a signed request for
// kafka-cluster:Connect, as the token of the standard mechanism OAUTHBEARER on the same listener, and that is how Amazon's libraries for all
// other languages log in. So the settings are those of AWS_MSK_IAM, and OAUTHBEARER is what goes over the wire.
func newMSKLogin(_ Properties, m jaas.Module) (login, string, string) {
	if rule := requireModule(m, "AWS_MSK_IAM", mskModule); rule != "" {
		return jaasRule("%s", rule)
	}
	source, rule := newMSKTokens(m.Options)
	if rule != "" {
		return jaasRule("%s", rule)
	}
	return &tokenLogin{mechanism: "AWS_MSK_IAM", source: source}, "", ""
}

// mskTokens signs with the credentials that awsProfileName or AWS's default chain gives, or with those of the role in awsRoleArn, which
// the former are exchanged for.
//
// Kafka: software.amazon.msk.auth.iam.internals.MSKCredentialProvider of aws-msk-iam-auth 2.x.
type mskTokens struct {
	profile                                 string
	roleARN, sessionName, externalID        string
	accessKeyID, secretKey, roleBaseSession string // to take the role with, in place of profile or chain
	stsRegion                               string

	turn        chan struct{} // held by whoever looks at what follows
	region      string        // of the AWS configuration; "" if it has none
	credentials aws.CredentialsProvider
}

func newMSKTokens(options map[string]string) (*mskTokens, string) {
	s := &mskTokens{
		profile: options["awsProfileName"],
		roleARN: options["awsRoleArn"], sessionName: cmp.Or(options["awsRoleSessionName"], "aws-msk-iam-auth"), externalID: options["awsRoleExternalId"],
		accessKeyID: options["awsRoleAccessKeyId"], secretKey: options["awsRoleSecretAccessKey"], roleBaseSession: options["awsRoleSessionToken"],
		stsRegion: options["awsStsRegion"],
		turn:      make(chan struct{}, 1),
	}
	if (s.accessKeyID == "") != (s.secretKey == "") {
		return nil, "awsRoleAccessKeyId and awsRoleSecretAccessKey belong together"
	}
	for _, key := range []string{"awsRoleSessionName", "awsRoleExternalId", "awsRoleAccessKeyId", "awsStsRegion"} {
		if options[key] != "" && s.roleARN == "" {
			return nil, key + " needs awsRoleArn"
		}
	}
	return s, ""
}

// mskHost finds the region in the name of a broker, such as b-1.demo.abcde.c2.kafka.eu-west-1.amazonaws.com or
// boot-abc.c1.kafka-serverless.us-east-1.amazonaws.com.
var mskHost = regexp.MustCompile(`\.kafka(?:-serverless)?\.([a-z]{2,}-[a-z0-9-]+)\.amazonaws\.com(?:\.cn)?$`)

func (s *mskTokens) token(ctx context.Context, host string) (token, error) {
	provider, region, err := s.load(ctx)
	if err != nil {
		return token{}, err
	}
	if found := mskHost.FindStringSubmatch(host); found != nil {
		region = found[1]
	}
	if region == "" {
		return token{}, fmt.Errorf("the AWS region is in neither the broker's name %s nor AWS_REGION nor the profile", host)
	}
	value, _, err := signer.GenerateAuthTokenFromCredentialsProvider(ctx, region, provider)
	if err != nil {
		return token{}, fmt.Errorf("sign in to AWS: %w", err)
	}
	return token{value: value}, nil
}

// load reads the AWS configuration when it is first needed.
func (s *mskTokens) load(ctx context.Context) (aws.CredentialsProvider, string, error) {
	select {
	case s.turn <- struct{}{}:
		defer func() { <-s.turn }()
	case <-ctx.Done():
		return nil, "", ctx.Err()
	}
	if s.credentials != nil {
		return s.credentials, s.region, nil
	}
	var options []func(*awsconfig.LoadOptions) error
	if s.profile != "" {
		options = append(options, awsconfig.WithSharedConfigProfile(s.profile))
	}
	if s.accessKeyID != "" {
		options = append(options, awsconfig.WithCredentialsProvider(credentials.NewStaticCredentialsProvider(s.accessKeyID, s.secretKey, s.roleBaseSession)))
	}
	config, err := awsconfig.LoadDefaultConfig(ctx, options...)
	if err != nil {
		return nil, "", fmt.Errorf("read the AWS configuration: %w", err)
	}
	provider := config.Credentials
	if s.roleARN != "" {
		// The region of STS is a setting of its own; us-east-1 is where its global endpoint is.
		client := sts.NewFromConfig(config, func(o *sts.Options) { o.Region = cmp.Or(s.stsRegion, config.Region, "us-east-1") })
		provider = aws.NewCredentialsCache(stscreds.NewAssumeRoleProvider(client, s.roleARN, func(o *stscreds.AssumeRoleOptions) {
			o.RoleSessionName = s.sessionName
			if s.externalID != "" {
				o.ExternalID = &s.externalID
			}
		}))
	}
	if provider == nil {
		return nil, "", errors.New("there are no AWS credentials")
	}
	s.credentials, s.region = provider, config.Region
	return provider, s.region, nil
}
