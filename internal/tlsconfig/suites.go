package tlsconfig

import (
	"crypto/tls"
	"slices"
	"strings"
)

// versions are the protocols that are spoken.
var versions = map[string]uint16{"TLSv1.2": tls.VersionTLS12, "TLSv1.3": tls.VersionTLS13}

// oldProtocols are names that Java knows and does not speak any more either, unless its security policy is changed.
var oldProtocols = []string{"SSLv2Hello", "SSLv3", "TLSv1", "TLSv1.1"}

// checkVersions works out the range of protocols. ssl.protocol is the highest one; "TLS" sets no bound.
func (s *Settings) checkVersions() error {
	s.minVersion, s.maxVersion = tls.VersionTLS12, tls.VersionTLS13
	if enabled := s.list(EnabledProtocols); len(enabled) > 0 {
		var spoken []uint16
		for _, name := range enabled {
			version, ok := versions[name]
			switch {
			case ok:
				spoken = append(spoken, version)
			case slices.Contains(oldProtocols, name):
				s.notices = append(s.notices, s.prefix+EnabledProtocols+": "+name+" is not spoken any more, as in Java 17")
			default:
				return s.refuse(EnabledProtocols, "there is no protocol "+name+"; TLSv1.2 and TLSv1.3 are supported", nil)
			}
		}
		if len(spoken) == 0 {
			return s.refuse(EnabledProtocols, "none of the protocols is spoken any more; TLSv1.2 and TLSv1.3 are supported", nil)
		}
		s.minVersion, s.maxVersion = slices.Min(spoken), slices.Max(spoken)
	}
	switch name := s.props[Protocol]; {
	case name == "" || name == "TLS" || name == "TLSv1.3":
	case name == "TLSv1.2":
		s.maxVersion = tls.VersionTLS12
	default:
		return s.refuse(Protocol, "must be TLSv1.3, TLSv1.2 or TLS", nil)
	}
	if s.minVersion > s.maxVersion {
		return s.refuse(EnabledProtocols, "none of the protocols is allowed by "+s.prefix+Protocol+"="+s.props[Protocol], nil)
	}
	return nil
}

// renegotiationInfo is in Java's lists, and a signal, not a suite.
const renegotiationInfo = "TLS_EMPTY_RENEGOTIATION_INFO_SCSV"

// checkSuites turns Java's names of cipher suites, which are the IANA's, into numbers.
//
// Suites of TLS 1.2 are chosen singly. Those of TLS 1.3 come all three or not at all, because Go's TLS has no switch for them; a list that
// names none of them rules TLS 1.3 out, as in Java.
func (s *Settings) checkSuites() error {
	names := slices.DeleteFunc(s.list(CipherSuites), func(n string) bool { return n == renegotiationInfo })
	if len(names) == 0 {
		return nil
	}
	var modern []string // of TLS 1.3
	for _, name := range names {
		suite := suiteNamed(name)
		switch {
		case suite == nil:
			return s.refuse(CipherSuites, "the cipher suite "+name+" is not available", nil)
		case slices.Contains(suite.SupportedVersions, tls.VersionTLS12):
			s.suites = append(s.suites, suite.ID)
		default:
			modern = append(modern, name)
		}
	}
	slices.Sort(modern)
	switch all := modernSuites(); {
	case len(modern) == 0:
		s.maxVersion = min(s.maxVersion, tls.VersionTLS12)
	case !slices.Equal(slices.Compact(modern), all) && s.maxVersion >= tls.VersionTLS13:
		return s.refuse(CipherSuites, "the cipher suites of TLS 1.3 cannot be chosen singly: name all of "+strings.Join(all, ", ")+" or none of them", nil)
	case len(s.suites) == 0:
		s.minVersion = max(s.minVersion, tls.VersionTLS13)
	}
	if s.minVersion > s.maxVersion {
		return s.refuse(CipherSuites, "none of the cipher suites belongs to a protocol that is enabled", nil)
	}
	return nil
}

// suiteNamed finds a suite by Java's name: the IANA's, or that with SSL_ in place of TLS_ for the oldest.
func suiteNamed(name string) *tls.CipherSuite {
	if rest, ok := strings.CutPrefix(name, "SSL_"); ok {
		name = "TLS_" + rest
	}
	for _, suites := range [][]*tls.CipherSuite{tls.CipherSuites(), tls.InsecureCipherSuites()} {
		if i := slices.IndexFunc(suites, func(c *tls.CipherSuite) bool { return c.Name == name }); i >= 0 {
			return suites[i]
		}
	}
	return nil
}

// modernSuites are the names of the suites of TLS 1.3, sorted.
func modernSuites() []string {
	var names []string
	for _, c := range tls.CipherSuites() {
		if !slices.Contains(c.SupportedVersions, tls.VersionTLS12) {
			names = append(names, c.Name)
		}
	}
	slices.Sort(names)
	return names
}
