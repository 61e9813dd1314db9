package identity

import (
	"errors"
	"fmt"
	"net"
	"net/url"
	"regexp"
	"strings"

	"resolute/agent/people"
)

// Config is an identity provider, as server.yaml names it under `oidc`.
type Config struct {
	// Issuer is the provider's address; what it says of itself is at /.well-known/openid-configuration
	// below it. It is https, or http on this machine.
	Issuer   string `yaml:"issuer"`
	ClientID string `yaml:"client_id"`
	// ClientSecret names a secret: ${secret.NAME}. Empty for a public client.
	ClientSecret string `yaml:"client_secret"`
	// Name is how the sign-in page calls the provider; the issuer's host if empty.
	Name string `yaml:"name"`
	// Claim is the claim whose values give roles, groups if empty: a text or a list of texts.
	Claim string `yaml:"claim"`
	// Roles give a role by value of the claim; the highest counts.
	Roles map[string]people.Role `yaml:"roles"`
	// Role is that of whom no value gives one; without it they aren't let in.
	Role people.Role `yaml:"role"`
	// Domains are those that an email may have, any if empty.
	Domains []string `yaml:"domains"`
}

// ErrConfig is wrapped with what is wrong in a Config, and what would be right.
var ErrConfig = errors.New("oidc")

var secretRef = regexp.MustCompile(`^\$\{secret\.([A-Za-z_][A-Za-z0-9_-]{0,99})\}$`)

// Check reports what is wrong.
func (c Config) Check() error {
	u, err := url.Parse(c.Issuer)
	switch {
	case err != nil || u.Host == "" || u.RawQuery != "" || u.Fragment != "" || u.User != nil:
		return fmt.Errorf("%w: issuer %q is no address like https://id.example.com", ErrConfig, c.Issuer)
	case u.Scheme != "https" && (u.Scheme != "http" || !loopback(u.Hostname())):
		return fmt.Errorf("%w: issuer %s must be https: whoever is in between could sign in as anybody", ErrConfig, c.Issuer)
	case c.ClientID == "":
		return fmt.Errorf("%w: client_id is missing; the provider gives it", ErrConfig)
	case c.ClientSecret != "" && !secretRef.MatchString(c.ClientSecret):
		return fmt.Errorf("%w: client_secret is written out; name a secret like ${secret.oidc}, and set it: resolute secret set oidc", ErrConfig)
	case len(c.Roles) == 0 && c.Role == "":
		return fmt.Errorf("%w: nobody would have a role; give roles by value of a claim, or a role for all", ErrConfig)
	case c.Role == people.Admin && len(c.Domains) == 0:
		return fmt.Errorf("%w: everybody whom the provider knows would be admin; name the domains of their emails, or give roles by a claim", ErrConfig)
	}
	for value, r := range c.Roles {
		if !r.AtLeast(people.Viewer) {
			return fmt.Errorf("%w: roles: %q gives %q, which is no role of a person; it is viewer, operator, approver or admin", ErrConfig, value, r)
		}
	}
	if c.Role != "" && !c.Role.AtLeast(people.Viewer) {
		return fmt.Errorf("%w: role %q is no role of a person; it is viewer, operator, approver or admin", ErrConfig, c.Role)
	}
	for _, d := range c.Domains {
		if d == "" || strings.ContainsAny(d, "@/ ") {
			return fmt.Errorf("%w: domains: %q is no domain like example.com", ErrConfig, d)
		}
	}
	return nil
}

func loopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// label is how the provider is called.
func (c Config) label() string {
	if c.Name != "" {
		return c.Name
	}
	u, err := url.Parse(c.Issuer)
	if err != nil {
		return c.Issuer
	}
	return u.Host
}

// role is the highest that the values give, else the one for all.
func (c Config) role(values []string) people.Role {
	best := c.Role
	for _, v := range values {
		if r, ok := c.Roles[v]; ok && (best == "" || r.AtLeast(best)) {
			best = r
		}
	}
	return best
}

// allows reports whether an email is of one of the domains.
func (c Config) allows(email string) bool {
	if len(c.Domains) == 0 {
		return true
	}
	domain := email[strings.LastIndexByte(email, '@')+1:]
	for _, d := range c.Domains {
		if strings.EqualFold(d, domain) {
			return true
		}
	}
	return false
}
