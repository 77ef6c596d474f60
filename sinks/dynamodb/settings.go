package dynamodb

import (
	"log/slog"
	"time"
)

// settings is what the engine needs to know, whichever dialect of settings it was said in. See [dialect].
type settings struct {
	table     string      // "" if route is set
	route     *tableRoute // of a connector with several tables
	tables    tableSpec   // what they are like, and whether they are made
	operation operation
	handling  handling
	policy    policy // order, joining and bounds of writes
	rate      rateLimit
	consumed  bool // calls ask what they have consumed

	region    string // "": left to the plugin's options, then to the SDK (environment, profile)
	regionKey string // of the setting that region is from, for errors
	endpoint  string // "": likewise
	transport transport

	credentials credentialsMode
	accessKey   string
	secretKey   string
	token       string // of a session, with the keys
	accountID   string // of the keys
	profile     string // of the SDK's files
	webIdentity webIdentity
	role        assumedRole

	marshal    bool        // a text value is made JSON before it is read, so only objects can be items
	mapHeaders bool        // headers of a record may ask for what its settings do not say
	contentLog *slog.Level // log each record at this level; nil: never

	mapping mapping

	notices []string // what is worth one line in the log when a task starts
}

// credentialsMode tells where credentials come from.
type credentialsMode uint8

const (
	defaultCredentials     credentialsMode = iota // the plugin's options, else the SDK's default chain
	staticCredentials                             // accessKey, secretKey and, if there is one, token
	profileCredentials                            // profile
	webIdentityCredentials                        // webIdentity
	containerCredentials                          // the agent of ECS or EKS
	instanceCredentials                           // the metadata service of EC2
)

// assumedRole is a role to take on with the credentials that there are. The zero value is none.
type assumedRole struct {
	arn, externalID, sessionName string

	duration time.Duration // of a session; 0: STS's 15 minutes
}

// webIdentity is a role to take on with a token that somebody keeps in a file. What is empty is in the environment.
type webIdentity struct{ tokenFile, roleARN, sessionName string }
