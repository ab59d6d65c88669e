// Package user is about the people who use TinyBook: sign-up, login by
// password and by SMS code, and their profiles.
package user

import (
	"errors"
	"strings"
)

// What the operations on users are refused for.
var (
	// ErrCredentials: unknown e-mail or wrong password; which of the two is
	// nobody's business.
	ErrCredentials = errors.New("user: wrong credentials")
	// ErrEmailTaken: the e-mail belongs to an account.
	ErrEmailTaken = errors.New("user: e-mail taken")
	// ErrNotFound: no such user.
	ErrNotFound = errors.New("user: not found")
	// ErrDuplicate: the repository has the e-mail or the phone already.
	ErrDuplicate = errors.New("user: duplicate")
)

// A User has an e-mail, a phone, or both. An empty string is a fact that isn't
// known.
type User struct {
	ID           int64
	Email        string // lower case
	Phone        string // E.164
	PasswordHash string // bcrypt; empty: this user signs in by SMS only
	Nickname     string
	Birthday     string // 2006-01-02
	AboutMe      string
}

// MaskPhone hides the middle of a phone number in E.164. A Chinese number is
// shown as people write it there, 138****8000, others with their +.
func MaskPhone(phone string) string {
	if national, ok := strings.CutPrefix(phone, "+86"); ok && len(national) == 11 {
		return national[:3] + "****" + national[7:]
	}
	if len(phone) < 8 {
		return strings.Repeat("*", len(phone))
	}
	return phone[:3] + "****" + phone[len(phone)-3:]
}
