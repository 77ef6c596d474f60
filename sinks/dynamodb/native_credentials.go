package dynamodb

import (
	"errors"
	"regexp"
	"slices"
	"strings"
	"time"

	"sluice/connect"
)

// The native keys for whose rights the sink uses. Those for keys have the names of Confluent's sink.
const (
	credentialsModeConfig = "aws.dynamodb.credentials.mode"

	accessKeyConfig    = "aws.access.key.id"
	secretKeyConfig    = "aws.secret.access.key"
	sessionTokenConfig = "aws.session.token"
	accountIDConfig    = "aws.account.id"

	profileConfig = "aws.dynamodb.profile"

	tokenFileConfig    = "aws.dynamodb.web.identity.file"
	tokenRoleConfig    = "aws.dynamodb.web.identity.role.arn"
	tokenSessionConfig = "aws.dynamodb.web.identity.session.name"

	roleConfig         = "aws.dynamodb.assume.role.arn"
	roleExternalConfig = "aws.dynamodb.assume.role.external.id"
	roleSessionConfig  = "aws.dynamodb.assume.role.session.name"
	roleDurationConfig = "aws.dynamodb.assume.role.duration.seconds"
)

// nativeCredentials are the keys for where credentials come from. They say it in two steps: a source, and a role that is taken on with it.
func nativeCredentials() nativeGroup {
	return nativeGroup{title: "Credentials", check: checkCredentials, keys: []nativeKey{
		choiceKey(credentialsModeConfig, "auto", "Where credentials come from. With auto from whichever of the sources below is set here, or as the class's own keys say, or else as with default. "+
			"With default from the first of the SDK's default chain that has some: environment, web identity in the environment, profile (with single sign-on, processes and roles), container, instance. With static from "+accessKeyConfig+" and "+secretKeyConfig+"; with profile from "+profileConfig+"; "+
			"with web-identity from a role and the token in a file, which the environment names if the keys for it do not; with container from the agent of ECS or of EKS Pod Identity; with instance from the metadata service of EC2. On top of each of them "+roleConfig+" can be assumed.",
			append([]choice[credentialsMode]{{name: autoMode}}, credentialsModes...), func(*settings, credentialsMode) {}), // counts together with the others, see checkCredentials
		secretKey(accessKeyConfig, "The access key id, such as AKIAIOSFODNN7EXAMPLE.", func(*settings, string) {}).beats(camelAccessKeyConfig),
		secretKey(secretKeyConfig, "The secret access key that goes with it.", func(*settings, string) {}).beats(camelSecretKeyConfig),
		secretKey(sessionTokenConfig, "The token of a session, if the keys are those of one. It expires and cannot be renewed, and the task fails then.", func(*settings, string) {}).beats(camelSessionTokenConfig),
		textKey(accountIDConfig, nil, "twelve digits", "The account of the keys, for "+accountModeConfig+"; other sources tell it by themselves.",
			parseAccount, func(s *settings, id string) { s.accountID = id }),
		textKey(profileConfig, nil, "name of a profile", "A profile of the SDK's files, ~/.aws/config and ~/.aws/credentials or those that AWS_CONFIG_FILE and AWS_SHARED_CREDENTIALS_FILE name. It may have keys, a role with source_profile or credential_source, single sign-on or a process.",
			func(text string) (string, error) { return text, nil }, func(*settings, string) {}).beats(camelProfileNameConfig),
		textKey(tokenFileConfig, nil, "path of a file", "A file with the token of a web identity, such as the service account's in EKS. It is read anew for each session.",
			func(text string) (string, error) { return text, nil }, func(s *settings, file string) { s.webIdentity.tokenFile = file }),
		textKey(tokenRoleConfig, nil, "ARN of a role", "The role that is assumed with this token.", parseRole, func(s *settings, arn string) { s.webIdentity.roleARN = arn }),
		textKey(tokenSessionConfig, nil, "2 to 64 letters, digits or =,.@_+-", "The name of the session in which it is; by default one is made up.", parseSession, func(s *settings, name string) { s.webIdentity.sessionName = name }),
		textKey(roleConfig, nil, "ARN of a role", "A role to assume with the credentials of the source, for instance one of another account. For a chain of roles, let the source be a profile with a role.", parseRole,
			func(s *settings, arn string) {
				if arn != "" {
					s.role.arn = arn
				}
			}).beats(confluentRoleConfig),
		textKey(roleExternalConfig, nil, "letters, digits or =,.@:/_+-", "The external id that the role asks for.", parseExternalID,
			func(s *settings, id string) {
				if id != "" {
					s.role.externalID = id
				}
			}).beats(confluentExternalIDConfig),
		textKey(roleSessionConfig, nil, "2 to 64 letters, digits or =,.@_+-", "The name of the session in which the role is assumed, which CloudTrail shows; by default one is made up.", parseSession,
			func(s *settings, name string) {
				if name != "" {
					s.role.sessionName = name
				}
			}).beats(confluentSessionNameConfig),
		numberKey(roleDurationConfig, nil, connect.Between(900, 43_200), "How long such a session lasts, in seconds, 900 by default; it is renewed ahead of time. A role that was assumed with another one can have 3600 at most.",
			func(s *settings, n int64) { s.role.duration = time.Duration(n) * time.Second }),
	}}
}

const autoMode = "auto"

var credentialsModes = []choice[credentialsMode]{
	{"default", defaultCredentials}, {"static", staticCredentials}, {"profile", profileCredentials},
	{"web-identity", webIdentityCredentials}, {"container", containerCredentials}, {"instance", instanceCredentials},
}

// What IAM and STS accept.
var (
	parseAccount    = matching(`^([0-9]{12})?$`, "must be twelve digits")
	parseRole       = matching(`^(arn:[\w-]+:iam::[0-9]{1,12}:role/.+)?$`, "must be the ARN of a role, such as arn:aws:iam::111122223333:role/writer")
	parseExternalID = matching(`^([\w+=,.@:/-]{2,})?$`, "must have two or more letters, digits or =,.@:/_+-")
	parseSession    = matching(`^([\w+=,.@-]{2,64})?$`, "must have 2 to 64 letters, digits or =,.@_+-")
)

// matching accepts texts of a form, and an empty one.
func matching(form, rule string) func(string) (string, error) {
	expression := regexp.MustCompile(form)
	return func(text string) (string, error) {
		if !expression.MatchString(text) {
			return "", errors.New(rule)
		}
		return text, nil
	}
}

// checkCredentials makes one source of what the native keys say, over what those of the dialect said.
func checkCredentials(c connect.Config, s *settings) []*connect.ConfigError {
	access, secret, token := c.Password(accessKeyConfig).Reveal(), c.Password(secretKeyConfig).Reveal(), c.Password(sessionTokenConfig).Reveal()
	var given []credentialsMode
	if access != "" || secret != "" || token != "" {
		s.accessKey, s.secretKey, s.token = access, secret, token
		given = append(given, staticCredentials)
	}
	if profile := c.String(profileConfig); profile != "" {
		s.profile = profile
		given = append(given, profileCredentials)
	}
	if s.webIdentity != (webIdentity{}) {
		given = append(given, webIdentityCredentials)
	}
	chosen := strings.ToLower(c.String(credentialsModeConfig))
	i := slices.IndexFunc(credentialsModes, func(one choice[credentialsMode]) bool { return one.name == chosen })
	switch {
	case i >= 0:
		s.credentials = credentialsModes[i].value
	case len(given) > 1:
		return []*connect.ConfigError{wrongValue(c, credentialsModeConfig, "must name one source where there are settings for several: keys, a profile, a web identity")}
	case len(given) == 1:
		s.credentials = given[0]
	}
	return s.checkSource(c)
}

// checkSource looks for what the source lacks.
func (s *settings) checkSource(c connect.Config) []*connect.ConfigError {
	var errs []*connect.ConfigError
	lacks := func(key, rule string) { errs = append(errs, givenEmpty(key, rule)) }
	switch s.credentials {
	case staticCredentials:
		switch {
		case s.accessKey == "" && s.secretKey == "":
			lacks(accessKeyConfig, "must be set, and "+secretKeyConfig+", for credentials that are static")
		case s.accessKey == "":
			lacks(accessKeyConfig, "must be set together with "+secretKeyConfig)
		case s.secretKey == "":
			lacks(secretKeyConfig, "must be set together with "+accessKeyConfig)
		}
	case profileCredentials:
		if s.profile == "" {
			lacks(profileConfig, "must be set if "+credentialsModeConfig+" is profile")
		}
	}
	if s.role.arn == "" && (c.String(roleExternalConfig) != "" || c.String(roleSessionConfig) != "" || s.role.duration != 0) {
		lacks(roleConfig, "must be set if there are settings for its session")
	}
	return errs
}
