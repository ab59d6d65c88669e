package config

import (
	"net/netip"
	"strings"
	"time"
)

// maxRate bounds a rate: who wants more wants none.
const maxRate = 1_000_000

// checkLimits checks what is about limits and the way of a code to its phone.
func (c *Config) checkLimits(v *validator) {
	if !c.HTTP.AddressLimit.Off() { // the others bound what others are paid for
		v.rate("http.address_limit", c.HTTP.AddressLimit)
	}
	v.rate("sms.phone_limit", c.SMS.PhoneLimit)
	v.rate("sms.address_limit", c.SMS.AddressLimit)
	v.rate("sms.site_limit", c.SMS.SiteLimit)
	v.rate("sms.provider_limit", c.SMS.ProviderLimit)
	v.positive("sms.window", c.SMS.Window)
	v.positive("sms.open_for", c.SMS.OpenFor)
	v.positive("sms.timeout", c.SMS.Timeout)
	v.positive("sms.lease", c.SMS.Lease)
	v.positive("sms.poll", c.SMS.Poll)
	if !(c.SMS.Threshold > 0 && c.SMS.Threshold <= 1) { // not NaN either
		v.add("sms.threshold", "%v is not above 0 and at most 1", c.SMS.Threshold)
	}
	if c.SMS.Lease <= 2*c.SMS.Timeout {
		v.add("sms.lease", "%v is not more than twice sms.timeout %v: a message would be given to another process while it is being sent", c.SMS.Lease, c.SMS.Timeout)
	}
	for i, proxy := range c.HTTP.TrustedProxies {
		if _, err := netip.ParsePrefix(proxy); err == nil {
			continue
		}
		if _, err := netip.ParseAddr(proxy); err != nil {
			v.add("http.trusted_proxies", "number %d is neither an address nor a network such as 10.0.0.0/8", i+1)
		}
	}
	for i, email := range c.User.Admins {
		if !strings.Contains(email, "@") {
			v.add("user.admins", "number %d is no e-mail", i+1)
		}
	}
}

func (v *validator) rate(name string, r Rate) {
	if r.N < 1 || r.N > maxRate || r.Per < time.Millisecond {
		v.add(name, "%v is not 1 to %d in a millisecond or more", r, maxRate)
	}
}
