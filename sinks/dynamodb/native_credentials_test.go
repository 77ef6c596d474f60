package dynamodb

import (
	"strings"
	"testing"
	"time"
)

func TestCredentialsAreRead(t *testing.T) {
	const role = "arn:aws:iam::111122223333:role/writer"
	camelKeys := []string{camelAccessKeyConfig, "CAMEL", camelSecretKeyConfig, "c"}
	ours := []string{accessKeyConfig, "OURS", secretKeyConfig, "o"}
	with := func(lists ...[]string) []string {
		var all []string
		for _, l := range lists {
			all = append(all, l...)
		}
		return all
	}
	for name, c := range map[string]struct {
		dialect *dialect
		props   []string
		check   func(s *settings) bool
		fail    string
	}{
		"nothing": {camel(), nil, func(s *settings) bool { return s.credentials == defaultCredentials }, ""},
		"keys beat Camel's": {camel(), with(camelKeys, ours), func(s *settings) bool {
			return s.credentials == staticCredentials && s.accessKey == "OURS" && s.secretKey == "o" && s.token == "" && len(s.notices) == 2
		}, ""},
		"keys beat Camel's session": {
			camel(), with(camelKeys, ours, []string{camelSessionCredentialsConfig, "true", camelSessionTokenConfig, "t"}),
			func(s *settings) bool { return s.accessKey == "OURS" && s.token == "" }, "",
		},
		"keys of a session with an account": {
			confluent(), with(ours, []string{sessionTokenConfig, "t", accountIDConfig, "111122223333"}),
			func(s *settings) bool {
				return s.credentials == staticCredentials && s.token == "t" && s.accountID == "111122223333"
			}, "",
		},
		"Camel's keys by the mode": {
			camel(), with(camelKeys, []string{camelDefaultCredentialsConfig, "true", credentialsModeConfig, "static"}),
			func(s *settings) bool { return s.credentials == staticCredentials && s.accessKey == "CAMEL" }, "",
		},
		"the mode beats Camel's keys": {
			camel(), with(camelKeys, []string{credentialsModeConfig, "Instance"}),
			func(s *settings) bool { return s.credentials == instanceCredentials }, "",
		},
		"a profile": {confluent(), []string{profileConfig, "p"}, func(s *settings) bool { return s.credentials == profileCredentials && s.profile == "p" }, ""},
		"a profile beats Camel's": {
			camel(), []string{camelProfileCredentialsConfig, "true", camelProfileNameConfig, "c", profileConfig, "p"},
			func(s *settings) bool { return s.profile == "p" && len(s.notices) == 1 }, "",
		},
		"a web identity": {
			confluent(), []string{tokenFileConfig, "/f", tokenRoleConfig, role, tokenSessionConfig, "sluice"},
			func(s *settings) bool {
				return s.credentials == webIdentityCredentials && s.webIdentity == webIdentity{"/f", role, "sluice"}
			}, "",
		},
		"a role": {
			camel(), []string{roleConfig, role, roleExternalConfig, "a:b/c", roleSessionConfig, "s@x", roleDurationConfig, "3600"},
			func(s *settings) bool {
				return s.credentials == defaultCredentials && s.role == assumedRole{role, "a:b/c", "s@x", time.Hour}
			}, "",
		},
		"a role beats Confluent's": {
			confluent(), []string{confluentProviderConfig, "x.AwsAssumeRoleCredentialsProvider", confluentRoleConfig, "arn:r", confluentExternalIDConfig, "e", roleConfig, role},
			func(s *settings) bool { return s.role.arn == role && s.role.externalID == "e" && len(s.notices) == 1 }, "",
		},
		"Confluent's class for instances": {
			confluent(), []string{confluentProviderConfig, "com.amazonaws.auth.InstanceProfileCredentialsProvider"},
			func(s *settings) bool { return s.credentials == instanceCredentials }, "",
		},
		"keys before Confluent's class": {
			confluent(), with(ours, []string{confluentProviderConfig, "software.amazon.awssdk.auth.credentials.ContainerCredentialsProvider"}),
			func(s *settings) bool { return s.credentials == staticCredentials }, "",
		},
		"two sources":             {camel(), with(ours, []string{profileConfig, "p"}), nil, "Invalid value auto for configuration " + credentialsModeConfig + ": must name one source"},
		"two sources and a mode":  {camel(), with(ours, []string{profileConfig, "p", credentialsModeConfig, "profile"}), func(s *settings) bool { return s.credentials == profileCredentials }, ""},
		"static without keys":     {camel(), []string{credentialsModeConfig, "static"}, nil, accessKeyConfig + ": must be set, and " + secretKeyConfig},
		"a token without keys":    {camel(), []string{sessionTokenConfig, "t"}, nil, accessKeyConfig + ": must be set"},
		"profile without a name":  {camel(), []string{credentialsModeConfig, "profile"}, nil, profileConfig + ": must be set if"},
		"an unknown mode":         {camel(), []string{credentialsModeConfig, "sso"}, nil, credentialsModeConfig},
		"a session without role":  {camel(), []string{roleSessionConfig, "sluice"}, nil, roleConfig + ": must be set if there are settings for its session"},
		"a duration without role": {camel(), []string{roleDurationConfig, "900"}, nil, roleConfig + ": must be set"},
		"a role that is none":     {camel(), []string{roleConfig, "writer"}, nil, "Invalid value writer for configuration " + roleConfig + ": must be the ARN of a role"},
		"a user for a role":       {camel(), []string{roleConfig, "arn:aws:iam::111122223333:user/x"}, nil, "must be the ARN of a role"},
		"a session name":          {camel(), []string{roleConfig, role, roleSessionConfig, "a b"}, nil, roleSessionConfig + ": must have 2 to 64"},
		"too short a session":     {camel(), []string{roleConfig, role, roleDurationConfig, "60"}, nil, roleDurationConfig},
		"an account":              {camel(), []string{accountIDConfig, "1"}, nil, accountIDConfig + ": must be twelve digits"},
		"a proxy's password":      {camel(), []string{proxyURLConfig, "http://p:1", proxyPasswordConfig, "hunter2"}, nil, proxyUserConfig + ": must be set together with"},
	} {
		props := map[string]string{camelTableConfig: "t"}
		for i := 0; i < len(c.props); i += 2 {
			props[c.props[i]] = c.props[i+1]
		}
		s, err := c.dialect.settings(props)
		switch {
		case c.fail != "":
			if err == nil || !strings.Contains(err.Error(), c.fail) || strings.Contains(err.Error(), "hunter2") {
				t.Errorf("%s: got %v, want %s", name, err, c.fail)
			}
		case err != nil || !c.check(s):
			t.Errorf("%s: got %+v, %v", name, s, err)
		}
	}
}
