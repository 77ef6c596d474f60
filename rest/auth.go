package rest

import (
	"crypto/sha256"
	"crypto/subtle"
	"errors"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"

	"sluice/internal/jaas"
	"sluice/internal/javabase64"
	"sluice/worker/properties"
)

const (
	// loginEntry is the entry of the login configuration that counts; without it, otherEntry does, as in every Java program.
	loginEntry = "KafkaConnect"
	otherEntry = "other"

	propertyFileModule = "org.apache.kafka.connect.rest.basic.auth.extension.PropertyFileLoginModule"
)

// BasicAuth lets in who names a user and the user's password, by the rules of Kafka's extension for it. The zero value lets nobody in.
//
// Kafka: org.apache.kafka.connect.rest.basic.auth.extension.JaasBasicAuthFilter, PropertyFileLoginModule.
// Differs: the files are read when the worker starts, and one that cannot be read refuses the start; in Kafka they are read by the first
// request, and a missing one keeps everybody out.
type BasicAuth struct {
	users []map[string]string // of each module: passwords by user
}

// LoadBasicAuth reads a login configuration and the files of users that it names. property resolves its variables. Of several modules any
// one may let a user in, whatever their flags: Kafka's module never fails a login, it only does not vouch for it, and Java's flags are about
// failures (seen with Java 17 for all pairs of flags). An entry with other modules is an error, since their rules are not known. notices tell what an operator should know.
func LoadBasicAuth(file string, property func(string) (string, bool)) (auth *BasicAuth, notices []string, err error) {
	if file == "" {
		return nil, nil, errors.New("basic authentication needs a login configuration: set java.security.auth.login.config, " +
			"or -Djava.security.auth.login.config=FILE in the environment's KAFKA_OPTS")
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, nil, fmt.Errorf("read the login configuration: %w", err)
	}
	entries, err := jaas.Parse(string(text), property)
	if err != nil {
		return nil, nil, fmt.Errorf("read %s: %w", file, err)
	}
	modules, ok := entries[loginEntry]
	if !ok {
		modules = entries[otherEntry]
	}
	if len(modules) == 0 {
		return nil, nil, fmt.Errorf("read %s: there is no login module for %s", file, loginEntry)
	}
	auth = &BasicAuth{}
	for _, m := range modules {
		if m.Class != propertyFileModule {
			return nil, nil, fmt.Errorf("read %s: login module %s is a Java class and is not supported; %s is", file, m.Class, propertyFileModule)
		}
		users, err := readUsers(m.Options["file"])
		if err != nil {
			return nil, nil, fmt.Errorf("read %s: %w", file, err)
		}
		if len(users) == 0 {
			notices = append(notices, fmt.Sprintf("Credential properties file '%s' is empty; all requests will be permitted", m.Options["file"]))
		}
		auth.users = append(auth.users, users)
	}
	return auth, notices, nil
}

func readUsers(file string) (map[string]string, error) {
	if strings.TrimSpace(file) == "" {
		return nil, errors.New("Property Credentials file must be specified: " + propertyFileModule + " needs the option file") //lint:ignore ST1005 Kafka's text
	}
	f, err := os.Open(file)
	if err != nil {
		return nil, fmt.Errorf("open the file of users: %w", err)
	}
	defer f.Close()
	users, err := properties.Read(f)
	if err != nil {
		return nil, fmt.Errorf("read the file of users %s: %w", file, err)
	}
	return users, nil
}

// unauthorized is the whole body of a refusal. It is no JSON, whatever its Content-Type says, and there is no WWW-Authenticate, as in Kafka.
const unauthorized = "User cannot access the resource."

// admits decides about a request by its Authorization header. The error is about a header that cannot be read.
func (a *BasicAuth) admits(r *http.Request) (bool, error) {
	user, password, given, err := credentials(strings.Join(r.Header.Values("Authorization"), ","))
	if err != nil {
		return false, err
	}
	admitted := false
	for _, users := range a.users {
		known, ok := users[user]
		same := equalTexts(known, password) // also for users that are not known: the time tells nothing
		if len(users) == 0 || given && ok && same {
			admitted = true
		}
	}
	return admitted, nil
}

// credentials reads an Authorization header. What is not for Basic, or has no colon behind a user, gives none; what is not base64 is an error
// with Java's text, and answered with 500 there.
func credentials(header string) (user, password string, given bool, err error) {
	scheme, encoded, ok := strings.Cut(header, " ")
	if !ok || !strings.EqualFold(scheme, "Basic") {
		return "", "", false, nil
	}
	decoded, err := javabase64.Decode(encoded)
	if err != nil {
		return "", "", false, &statusError{http.StatusInternalServerError, err.Error()}
	}
	user, password, ok = strings.Cut(string(decoded), ":")
	return user, password, ok && user != "", nil
}

// equalTexts compares in a time that does not depend on the texts.
func equalTexts(a, b string) bool {
	x, y := sha256.Sum256([]byte(a)), sha256.Sum256([]byte(b))
	return subtle.ConstantTimeCompare(x[:], y[:]) == 1
}

// guard wraps what answers an endpoint. It stands behind routing and content negotiation, so that 404, 405, 406 and 415 need no password, as in
// Kafka. A nil auth lets everybody through.
func (s *Server) guard(auth *BasicAuth, handle http.HandlerFunc) http.HandlerFunc {
	if auth == nil {
		return handle
	}
	return func(w http.ResponseWriter, r *http.Request) {
		admitted, err := auth.admits(r)
		switch {
		case err != nil:
			s.fail(w, r, err)
		case !admitted:
			w.Header().Set("Content-Length", strconv.Itoa(len(unauthorized)))
			w.WriteHeader(http.StatusUnauthorized)
			_, _ = w.Write([]byte(unauthorized)) // a client that went away is no concern of ours
		default:
			handle(w, r)
		}
	}
}

// amongWorkers reports whether a request is one that workers send to each other: those are signed, and need no password. A name with a slash is
// none that Kafka's pattern takes.
func amongWorkers(rt route, r *http.Request) bool {
	switch rt.method + " " + rt.pattern {
	case "POST /connectors/{name}/tasks", "PUT /connectors/{name}/fence":
		return !strings.Contains(param(r, "name"), "/")
	}
	return false
}
