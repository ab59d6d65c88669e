package user

import (
	"net/mail"
	"regexp"
	"strings"
	"unicode"

	"github.com/nyaruka/phonenumbers"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// The names of the form fields that hold credentials.
const (
	fieldEmail    = "email"
	fieldPassword = "password"
	fieldConfirm  = "confirmPassword"
	fieldPhone    = "phone"
	fieldCode     = "code"
)

const (
	minPassword = 8
	maxPassword = 72 // bytes: bcrypt takes no more
	maxEmail    = 254
	maxLocal    = 64
	maxPhone    = 32
	region      = "CN" // of a number without a country
)

// NormalizeEmail returns the one spelling of an e-mail address. Letters outside
// ASCII stay, to be refused: some become ASCII in lower case.
func NormalizeEmail(email string) string {
	return strings.Map(func(r rune) rune {
		if 'A' <= r && r <= 'Z' {
			return r + 'a' - 'A'
		}
		return r
	}, strings.TrimSpace(email))
}

// NormalizePhone returns a mobile number in E.164, and reports whether phone
// is one. A number without a country is Chinese, and 00 is as good as +.
func NormalizePhone(phone string) (string, bool) {
	phone = strings.TrimSpace(phone)
	// Letters would be read as the keys of a telephone.
	if len(phone) > maxPhone || strings.Trim(phone, "+0123456789 ()-.") != "" {
		return "", false
	}
	number, err := phonenumbers.Parse(phone, region)
	if err != nil || number.GetExtension() != "" || !phonenumbers.IsValidNumber(number) {
		return "", false
	}
	switch phonenumbers.GetNumberType(number) {
	case phonenumbers.MOBILE, phonenumbers.FIXED_LINE_OR_MOBILE:
		return phonenumbers.Format(number, phonenumbers.E164), true
	default:
		return "", false
	}
}

// checkEmail takes an address that is normalized already.
func checkEmail(f *fields.Errors, email string) {
	if f.Has(fieldEmail) {
		return
	}
	switch {
	case email == "":
		f.Add(fieldEmail, fields.Required)
	case len(email) > maxEmail:
		f.Add(fieldEmail, fields.TooLong, maxEmail)
	case !isEmail(email):
		f.Add(fieldEmail, fields.Format)
	}
}

func isEmail(email string) bool {
	if strings.ContainsFunc(email, func(r rune) bool { return r <= ' ' || r >= unicode.MaxASCII }) {
		return false
	}
	parsed, err := mail.ParseAddress(email)
	if err != nil || parsed.Address != email || parsed.Name != "" {
		return false
	}
	local, domain, _ := strings.Cut(email, "@")
	if len(local) > maxLocal || strings.Contains(domain, "@") || strings.HasPrefix(local, `"`) {
		return false
	}
	return isDomain(domain)
}

const (
	letters = "abcdefghijklmnopqrstuvwxyz"
	digits  = "0123456789"
)

// isDomain wants ASCII labels with a dot between them, of which the last is
// letters or punycode: 1.2 is no domain.
func isDomain(domain string) bool {
	labels := strings.Split(domain, ".")
	if len(labels) < 2 {
		return false
	}
	for _, label := range labels {
		if label == "" || len(label) > 63 || label[0] == '-' || label[len(label)-1] == '-' {
			return false
		}
		if strings.Trim(label, letters+digits+"-") != "" {
			return false
		}
	}
	last := labels[len(labels)-1]
	return strings.Trim(last, letters) == "" || strings.HasPrefix(last, "xn--") // its end isn't a hyphen
}

func checkPassword(f *fields.Errors, password, confirm string) {
	if !f.Has(fieldPassword) {
		switch {
		case password == "":
			f.Add(fieldPassword, fields.Required)
		case len(password) < minPassword:
			f.Add(fieldPassword, fields.TooShort, minPassword)
		case len(password) > maxPassword:
			f.Add(fieldPassword, "too_long_bytes", maxPassword)
		case !hasLetterAndDigit(password):
			f.Add(fieldPassword, "letter_and_digit")
		}
	}
	if password != confirm && !f.Has(fieldConfirm) {
		f.Add(fieldConfirm, "mismatch")
	}
}

func hasLetterAndDigit(s string) bool {
	return strings.ContainsFunc(s, unicode.IsLetter) && strings.ContainsFunc(s, unicode.IsDigit)
}

// codePattern is what a login code looks like. Anything else isn't worth one
// of the few tries.
var codePattern = regexp.MustCompile(`^\d{6}$`)

func readCode(form *web.Form) string {
	code := strings.TrimSpace(form.Required(fieldCode))
	if !form.Faults.Has(fieldCode) && !codePattern.MatchString(code) {
		form.Faults.Add(fieldCode, fields.Format)
	}
	return code
}

func readPhone(form *web.Form) string {
	phone, ok := NormalizePhone(form.Required(fieldPhone))
	if !ok && !form.Faults.Has(fieldPhone) {
		form.Faults.Add(fieldPhone, fields.Format)
	}
	return phone
}
