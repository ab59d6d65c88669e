package user

import (
	"regexp"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/ycvk/tinybook/examples/tinybook/internal/chars"
	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// The names of the form fields of a profile.
const (
	fieldNickname = "nickname"
	fieldBirthday = "birthday"
	fieldAboutMe  = "aboutMe"
)

const (
	maxNickname = 10  // characters
	maxAboutMe  = 200 // characters
	firstDay    = "1900-01-01"
)

var datePattern = regexp.MustCompile(`^\d{4}-\d{2}-\d{2}$`)

// An Edit changes a profile. A nil field stays as it is. An empty Birthday or
// AboutMe is cleared; a Nickname can be changed, not cleared.
type Edit struct {
	Nickname *string
	Birthday *string
	AboutMe  *string
}

// normalize brings the fields into the form in which they are checked and
// stored: without space around a nickname and a birthday, and with plain line
// ends.
func (e *Edit) normalize() {
	for _, s := range []*string{e.Nickname, e.Birthday} {
		if s != nil {
			*s = strings.TrimSpace(*s)
		}
	}
	if e.AboutMe != nil {
		*e.AboutMe = strings.NewReplacer("\r\n", "\n", "\r", "\n").Replace(*e.AboutMe)
	}
}

// check finds everything that is wrong with a normalized edit. A field that
// has a fault already isn't looked at. today is the last day that a birthday
// may be.
func (e *Edit) check(f *fields.Errors, today time.Time) {
	if e.Nickname != nil && !f.Has(fieldNickname) {
		checkNickname(f, *e.Nickname)
	}
	if e.Birthday != nil && *e.Birthday != "" && !f.Has(fieldBirthday) {
		checkBirthday(f, *e.Birthday, today)
	}
	if e.AboutMe != nil && !f.Has(fieldAboutMe) {
		checkAboutMe(f, *e.AboutMe)
	}
}

func checkNickname(f *fields.Errors, nickname string) {
	hidden, found := chars.Hidden(nickname)
	switch {
	case nickname == "":
		f.Add(fieldNickname, fields.Required)
	case found && unicode.IsControl(hidden.Char):
		f.Add(fieldNickname, fields.Character, hidden.Args()...)
	case !strings.ContainsFunc(nickname, chars.IsSeen):
		f.Add(fieldNickname, fields.Required)
	case found:
		f.Add(fieldNickname, fields.Character, hidden.Args()...)
	case utf8.RuneCountInString(nickname) > maxNickname:
		f.Add(fieldNickname, fields.TooLong, maxNickname)
	}
}

func checkBirthday(f *fields.Errors, birthday string, today time.Time) {
	if !datePattern.MatchString(birthday) {
		f.Add(fieldBirthday, "date_format")
		return
	}
	if _, err := time.Parse(time.DateOnly, birthday); err != nil {
		f.Add(fieldBirthday, "no_such_date")
		return
	}
	// Dates of this form sort as strings.
	switch {
	case birthday < firstDay:
		f.Add(fieldBirthday, "too_early", firstDay)
	case birthday > today.Format(time.DateOnly):
		f.Add(fieldBirthday, "in_future")
	}
}

func checkAboutMe(f *fields.Errors, about string) {
	hidden, found := chars.Hidden(about, chars.Breaks, chars.Joiners)
	switch {
	case found:
		f.Add(fieldAboutMe, fields.Character, hidden.Args()...)
	case utf8.RuneCountInString(about) > maxAboutMe:
		f.Add(fieldAboutMe, fields.TooLong, maxAboutMe)
	}
}
