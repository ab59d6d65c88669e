package e2e_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

func TestSignUp(t *testing.T) {
	c := start(t)
	taken, _ := c.signUp()
	long := strings.Repeat("a1", 36)
	for _, tc := range []struct {
		name   string
		body   fields
		status int
		faults []string
	}{
		{"nothing", fields{}, 422, []string{"email required", "password required", "confirmPassword required"}},
		{"null", fields{"email": nil, "password": nil, "confirmPassword": nil}, 422, []string{"email required", "password required", "confirmPassword required"}},
		{"types", fields{"email": 1, "password": true, "confirmPassword": []int{}}, 422, []string{"email type", "password type", "confirmPassword type"}},
		{"no at", fields{"email": "nobody", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"no dot", fields{"email": "a@localhost", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"with a name", fields{"email": "A <a@example.com>", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"quoted", fields{"email": `"a b"@example.com`, "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"two", fields{"email": "a@example.com,b@example.com", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"not ASCII", fields{"email": "用户@example.com", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"Kelvin sign", fields{"email": "\u212aelvin@example.com", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"dotted capital I", fields{"email": "a@\u0130.com", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"TLD a number", fields{"email": "a@1.2", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"TLD with a digit", fields{"email": "a@example.c0m", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"TLD half punycode", fields{"email": "a@example.xn--", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email format"}},
		{"punycode TLD", fields{"email": "a@xn--fiq228c.xn--fiqs8s", "password": accountPassword, "confirmPassword": accountPassword}, 201, []string{}},
		{"no confirmation", fields{"email": newEmail(), "password": accountPassword}, 422, []string{"confirmPassword required"}},
		{"short password, no confirmation", fields{"email": "nobody", "password": "a"}, 422, []string{"email format", "password too_short", "confirmPassword required"}},
		{"long e-mail", fields{"email": strings.Repeat("a", 250) + "@a.com", "password": accountPassword, "confirmPassword": accountPassword}, 422, []string{"email too_long"}},
		{"short password", fields{"email": newEmail(), "password": "abc1234", "confirmPassword": "abc1234"}, 422, []string{"password too_short"}},
		{"no digit", fields{"email": newEmail(), "password": "abcdefgh", "confirmPassword": "abcdefgh"}, 422, []string{"password letter_and_digit"}},
		{"no letter", fields{"email": newEmail(), "password": "12345678", "confirmPassword": "12345678"}, 422, []string{"password letter_and_digit"}},
		{"72 bytes", fields{"email": newEmail(), "password": long, "confirmPassword": long}, 201, []string{}},
		{"73 bytes", fields{"email": newEmail(), "password": long + "a", "confirmPassword": long + "a"}, 422, []string{"password too_long_bytes"}},
		{"mismatch", fields{"email": newEmail(), "password": accountPassword, "confirmPassword": accountPassword + "x"}, 422, []string{"confirmPassword mismatch"}},
		{"taken", fields{"email": taken, "password": accountPassword, "confirmPassword": accountPassword}, 409, []string{"email taken"}},
		{"taken in capitals", fields{"email": " " + strings.ToUpper(taken) + " ", "password": accountPassword, "confirmPassword": accountPassword}, 409, []string{"email taken"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c := *c
			c.t = t
			a := c.post("/users/signup", tc.body).want(t, tc.status)
			require.Equal(t, tc.faults, a.faults())
		})
	}
}

func TestLoginTellsNothingAboutAccounts(t *testing.T) {
	c := start(t)
	email, _ := c.signUp()
	phone := newPhone()
	c.post("/users/login_sms", fields{"phone": phone, "code": c.code(phone)}).want(t, 200)
	c.token = ""

	wrong := c.post("/users/login", fields{"email": email, "password": "wrong-passw0rd"}).want(t, 401)
	for name, body := range map[string]fields{
		"unknown e-mail":     {"email": newEmail(), "password": accountPassword},
		"endless password":   {"email": email, "password": strings.Repeat("a1", 4000)},
		"no e-mail, a phone": {"email": phone, "password": accountPassword},
	} {
		a := c.post("/users/login", body).want(t, 401)
		if a.Msg != wrong.Msg || !slices.Equal(a.faults(), wrong.faults()) || string(a.Data) != string(wrong.Data) {
			t.Errorf("%s: %+v, want the same as for a wrong password, %+v", name, a, wrong)
		}
	}
	// The right password after 72 bytes is not the right password.
	long := strings.Repeat("a1", 36)
	other := newEmail()
	c.post("/users/signup", fields{"email": other, "password": long, "confirmPassword": long}).want(t, 201)
	c.post("/users/login", fields{"email": other, "password": long + "x"}).want(t, 401)
	c.post("/users/login", fields{"email": strings.ToUpper(other), "password": long}).want(t, 200)

	known := c.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 200)
	unknown := c.post("/users/login_sms/code/send", fields{"phone": newPhone()}).want(t, 200)
	require.Equal(t, known.Msg, unknown.Msg)
	require.Equal(t, known.Data, unknown.Data)
}

func TestEditAndProfile(t *testing.T) {
	c := start(t)
	email, _ := c.signUp()
	require.Equal(t, profile{Email: email}, decode[profile](t, c.get("/users/profile").want(t, 200)))

	full := profile{Email: email, Nickname: "小书虫", Birthday: "1992-01-31", AboutMe: "line\nline"}
	c.post("/users/edit", fields{"nickname": " 小书虫 ", "birthday": "1992-01-31", "aboutMe": "line\r\nline"}).want(t, 200)
	require.Equal(t, full, decode[profile](t, c.get("/users/profile")))

	t.Run("absent and null stay", func(t *testing.T) {
		c.post("/users/edit", fields{}).want(t, 200)
		c.post("/users/edit", fields{"nickname": nil, "birthday": nil, "aboutMe": nil}).want(t, 200)
		require.Equal(t, full, decode[profile](t, c.get("/users/profile")))
	})
	t.Run("empty clears", func(t *testing.T) {
		a := c.post("/users/edit", fields{"aboutMe": "", "birthday": ""}).want(t, 200)
		want := profile{Email: email, Nickname: "小书虫"}
		require.Equal(t, want, decode[profile](t, a))
		require.Equal(t, want, decode[profile](t, c.get("/users/profile")))
	})
	t.Run("one fault changes nothing", func(t *testing.T) {
		c.post("/users/edit", fields{"nickname": "other", "birthday": "1992-02-30"}).want(t, 422)
		require.Equal(t, "小书虫", decode[profile](t, c.get("/users/profile")).Nickname)
	})
	t.Run("on the other node", func(t *testing.T) {
		require.Equal(t, "小书虫", decode[profile](t, c.get("/users/profile")).Nickname)
	})
}

// TestEditPayloads is the table of what a profile may be.
func TestEditPayloads(t *testing.T) {
	c := start(t)
	c.signUp()
	day := func(days int) string { return time.Now().AddDate(0, 0, days).Format(time.DateOnly) }
	for _, tc := range []struct {
		name string
		body fields
		want []string // "field code message"; none: 200
	}{
		{"one letter", fields{"nickname": "a"}, nil},
		{"ten letters", fields{"nickname": "abcdefghij"}, nil},
		{"ten Chinese characters", fields{"nickname": "一二三四五六七八九十"}, nil},
		{"ten and space around", fields{"nickname": "  abcdefghij\t"}, nil},
		{"a family", fields{"nickname": "👨\u200d👩\u200d👧"}, nil},
		{"space inside", fields{"nickname": "a b"}, nil},
		{"eleven letters", fields{"nickname": "abcdefghijk"}, []string{"nickname too_long must not be longer than 10 characters"}},
		{"eleven Chinese characters", fields{"nickname": "一二三四五六七八九十一"}, []string{"nickname too_long must not be longer than 10 characters"}},
		{"no nickname", fields{"nickname": ""}, []string{"nickname required must not be empty"}},
		{"only spaces", fields{"nickname": " \t\u3000 "}, []string{"nickname required must not be empty"}},
		{"only joiners", fields{"nickname": "\u200d\u200d"}, []string{"nickname required must not be empty"}},
		{"new line", fields{"nickname": "a\nb"}, []string{"nickname character contains U+000A, a character that is not allowed, on line 1 at column 2"}},
		{"NUL", fields{"nickname": "a\x00b"}, []string{"nickname character contains U+0000, a character that is not allowed, on line 1 at column 2"}},
		{"right to left", fields{"nickname": "a\u202eb"}, []string{"nickname character contains U+202E, a character that is not allowed, on line 1 at column 2"}},
		{"zero width space", fields{"nickname": "a\u200bb"}, []string{"nickname character contains U+200B, a character that is not allowed, on line 1 at column 2"}},
		{"a heart", fields{"nickname": "❤\ufe0f"}, nil},
		{"a heart on fire", fields{"nickname": "❤\ufe0f\u200d🔥"}, nil},
		{"skin and a job", fields{"nickname": "👩🏽\u200d💻"}, nil},
		{"a judge", fields{"nickname": "👩🏽\u200d⚖\ufe0f"}, nil},
		{"a flag of two letters", fields{"nickname": "🇨🇳"}, nil},
		{"a key cap", fields{"nickname": "1\ufe0f\u20e3"}, nil},
		{"an accent", fields{"nickname": "e\u0301"}, nil},
		{"only an accent", fields{"nickname": "\u0301"}, []string{"nickname required must not be empty"}},
		{"only a Hangul filler", fields{"nickname": "\u3164"}, []string{"nickname required must not be empty"}},
		{"only blank Braille", fields{"nickname": "\u2800\u2800"}, []string{"nickname required must not be empty"}},
		{"joiner before an emoji", fields{"nickname": "\u200d👩"}, []string{"nickname character contains U+200D, a character that is not allowed, on line 1 at column 1"}},
		{"joiner after an emoji", fields{"nickname": "👩\u200d"}, []string{"nickname character contains U+200D, a character that is not allowed, on line 1 at column 2"}},
		{"joiner between letter and emoji", fields{"nickname": "a\u200d👩"}, []string{"nickname character contains U+200D, a character that is not allowed, on line 1 at column 2"}},
		{"two joiners", fields{"nickname": "👩\u200d\u200d👧"}, []string{"nickname character contains U+200D, a character that is not allowed, on line 1 at column 2"}},
		{"two selectors", fields{"nickname": "❤\ufe0f\ufe0f"}, []string{"nickname character contains U+FE0F, a character that is not allowed, on line 1 at column 3"}},
		{"a digit with a selector and no cap", fields{"nickname": "1\ufe0f"}, []string{"nickname character contains U+FE0F, a character that is not allowed, on line 1 at column 2"}},
		{"flag of tags", fields{"nickname": "🏴\U000e0067\U000e0062\U000e007f"}, []string{"nickname character contains U+E0067, a character that is not allowed, on line 1 at column 2"}},
		{"grapheme joiner", fields{"nickname": "a\u034fb"}, []string{"nickname character contains U+034F, a character that is not allowed, on line 1 at column 2"}},
		{"Hangul choseong filler", fields{"nickname": "a\u115fb"}, []string{"nickname character contains U+115F, a character that is not allowed, on line 1 at column 2"}},
		{"Hangul jungseong filler", fields{"nickname": "a\u1160b"}, []string{"nickname character contains U+1160, a character that is not allowed, on line 1 at column 2"}},
		{"Khmer inherent vowel", fields{"nickname": "a\u17b4b"}, []string{"nickname character contains U+17B4, a character that is not allowed, on line 1 at column 2"}},
		{"Khmer inherent vowel AA", fields{"nickname": "a\u17b5b"}, []string{"nickname character contains U+17B5, a character that is not allowed, on line 1 at column 2"}},
		{"Mongolian selector", fields{"nickname": "a\u180bb"}, []string{"nickname character contains U+180B, a character that is not allowed, on line 1 at column 2"}},
		{"Mongolian vowel separator", fields{"nickname": "a\u180eb"}, []string{"nickname character contains U+180E, a character that is not allowed, on line 1 at column 2"}},
		{"zero width non-joiner", fields{"nickname": "a\u200cb"}, []string{"nickname character contains U+200C, a character that is not allowed, on line 1 at column 2"}},
		{"left to right mark", fields{"nickname": "a\u200eb"}, []string{"nickname character contains U+200E, a character that is not allowed, on line 1 at column 2"}},
		{"word joiner", fields{"nickname": "a\u2060b"}, []string{"nickname character contains U+2060, a character that is not allowed, on line 1 at column 2"}},
		{"invisible operator", fields{"nickname": "a\u2064b"}, []string{"nickname character contains U+2064, a character that is not allowed, on line 1 at column 2"}},
		{"reserved ignorable", fields{"nickname": "a\u2065b"}, []string{"nickname character contains U+2065, a character that is not allowed, on line 1 at column 2"}},
		{"isolate", fields{"nickname": "a\u2068b"}, []string{"nickname character contains U+2068, a character that is not allowed, on line 1 at column 2"}},
		{"blank Braille", fields{"nickname": "a\u2800b"}, []string{"nickname character contains U+2800, a character that is not allowed, on line 1 at column 2"}},
		{"Hangul filler", fields{"nickname": "a\u3164b"}, []string{"nickname character contains U+3164, a character that is not allowed, on line 1 at column 2"}},
		{"half-width Hangul filler", fields{"nickname": "a\uffa0b"}, []string{"nickname character contains U+FFA0, a character that is not allowed, on line 1 at column 2"}},
		{"variation selector 1", fields{"nickname": "a\ufe00b"}, []string{"nickname character contains U+FE00, a character that is not allowed, on line 1 at column 2"}},
		{"text selector", fields{"nickname": "a\ufe0eb"}, []string{"nickname character contains U+FE0E, a character that is not allowed, on line 1 at column 2"}},
		{"emoji selector after a letter", fields{"nickname": "a\ufe0fb"}, []string{"nickname character contains U+FE0F, a character that is not allowed, on line 1 at column 2"}},
		{"ideographic selector", fields{"nickname": "a\U000e0100b"}, []string{"nickname character contains U+E0100, a character that is not allowed, on line 1 at column 2"}},
		{"last ideographic selector", fields{"nickname": "a\U000e01efb"}, []string{"nickname character contains U+E01EF, a character that is not allowed, on line 1 at column 2"}},
		{"tag", fields{"nickname": "a\U000e0067b"}, []string{"nickname character contains U+E0067, a character that is not allowed, on line 1 at column 2"}},
		{"joiner after a letter", fields{"nickname": "a\u200db"}, []string{"nickname character contains U+200D, a character that is not allowed, on line 1 at column 2"}},
		{"soft hyphen", fields{"nickname": "a\u00adb"}, []string{"nickname character contains U+00AD, a character that is not allowed, on line 1 at column 2"}},
		{"byte order mark", fields{"nickname": "a\ufeffb"}, []string{"nickname character contains U+FEFF, a character that is not allowed, on line 1 at column 2"}},
		{"replacement character", fields{"nickname": "a\ufffdb"}, []string{"nickname character contains U+FFFD, a character that is not allowed, on line 1 at column 2"}},
		{"nickname a number", fields{"nickname": 5}, []string{"nickname type must be text"}},
		{"nickname a list", fields{"nickname": []string{"a"}}, []string{"nickname type must be text"}},
		{"nickname an object", fields{"nickname": fields{}}, []string{"nickname type must be text"}},
		{"nickname true", fields{"nickname": true}, []string{"nickname type must be text"}},
		{"first day", fields{"birthday": "1900-01-01"}, nil},
		{"day above 12", fields{"birthday": "1992-01-15"}, nil},
		{"day 31", fields{"birthday": "1992-12-31"}, nil},
		{"leap day", fields{"birthday": "2000-02-29"}, nil},
		{"today", fields{"birthday": day(0)}, nil},
		{"space around a date", fields{"birthday": " 1992-01-15 "}, nil},
		{"no leap year", fields{"birthday": "1900-02-29"}, []string{"birthday no_such_date is not a day of the calendar"}},
		{"30 February", fields{"birthday": "1992-02-30"}, []string{"birthday no_such_date is not a day of the calendar"}},
		{"month 13", fields{"birthday": "1992-13-01"}, []string{"birthday no_such_date is not a day of the calendar"}},
		{"day 0", fields{"birthday": "1992-01-00"}, []string{"birthday no_such_date is not a day of the calendar"}},
		{"before the first day", fields{"birthday": "1899-12-31"}, []string{"birthday too_early must not be before 1900-01-01"}},
		{"the day after tomorrow", fields{"birthday": day(2)}, []string{"birthday in_future must not be after today"}},
		{"year 9999", fields{"birthday": "9999-12-31"}, []string{"birthday in_future must not be after today"}},
		{"slashes", fields{"birthday": "1992/01/15"}, []string{"birthday date_format must be a date such as 2006-01-02"}},
		{"short", fields{"birthday": "1992-1-5"}, []string{"birthday date_format must be a date such as 2006-01-02"}},
		{"with a time", fields{"birthday": "1992-01-15T00:00:00Z"}, []string{"birthday date_format must be a date such as 2006-01-02"}},
		{"something after it", fields{"birthday": "1992-01-15x"}, []string{"birthday date_format must be a date such as 2006-01-02"}},
		{"full-width digits", fields{"birthday": "１９９２-01-15"}, []string{"birthday date_format must be a date such as 2006-01-02"}},
		{"birthday a number", fields{"birthday": 19920115}, []string{"birthday type must be text"}},
		{"200 characters", fields{"aboutMe": strings.Repeat("字", 200)}, nil},
		{"200 with line ends of Windows", fields{"aboutMe": strings.Repeat("字\r\n", 100)}, nil},
		{"no about me", fields{"aboutMe": ""}, nil},
		{"tab and new line", fields{"aboutMe": "a\tb\nc"}, nil},
		{"201 characters", fields{"aboutMe": strings.Repeat("字", 201)}, []string{"aboutMe too_long must not be longer than 200 characters"}},
		{"about me with ESC", fields{"aboutMe": "a\x1b[31mb"}, []string{"aboutMe character contains U+001B, a character that is not allowed, on line 1 at column 2"}},
		{"about me with joiners", fields{"aboutMe": "\u0646\u0645\u06cc\u200c\u062e\u0648\u0627\u0647\u0645 \u0915\u094d\u200d\u0937 👩\u200d💻 ❤\ufe0f"}, nil},
		{"about me: grapheme joiner", fields{"aboutMe": "a\u034fb"}, []string{"aboutMe character contains U+034F, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Hangul choseong filler", fields{"aboutMe": "a\u115fb"}, []string{"aboutMe character contains U+115F, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Hangul jungseong filler", fields{"aboutMe": "a\u1160b"}, []string{"aboutMe character contains U+1160, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Khmer inherent vowel", fields{"aboutMe": "a\u17b4b"}, []string{"aboutMe character contains U+17B4, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Khmer inherent vowel AA", fields{"aboutMe": "a\u17b5b"}, []string{"aboutMe character contains U+17B5, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Mongolian selector", fields{"aboutMe": "a\u180bb"}, []string{"aboutMe character contains U+180B, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Mongolian vowel separator", fields{"aboutMe": "a\u180eb"}, []string{"aboutMe character contains U+180E, a character that is not allowed, on line 1 at column 2"}},
		{"about me: left to right mark", fields{"aboutMe": "a\u200eb"}, []string{"aboutMe character contains U+200E, a character that is not allowed, on line 1 at column 2"}},
		{"about me: word joiner", fields{"aboutMe": "a\u2060b"}, []string{"aboutMe character contains U+2060, a character that is not allowed, on line 1 at column 2"}},
		{"about me: invisible operator", fields{"aboutMe": "a\u2064b"}, []string{"aboutMe character contains U+2064, a character that is not allowed, on line 1 at column 2"}},
		{"about me: reserved ignorable", fields{"aboutMe": "a\u2065b"}, []string{"aboutMe character contains U+2065, a character that is not allowed, on line 1 at column 2"}},
		{"about me: isolate", fields{"aboutMe": "a\u2068b"}, []string{"aboutMe character contains U+2068, a character that is not allowed, on line 1 at column 2"}},
		{"about me: blank Braille", fields{"aboutMe": "a\u2800b"}, []string{"aboutMe character contains U+2800, a character that is not allowed, on line 1 at column 2"}},
		{"about me: Hangul filler", fields{"aboutMe": "a\u3164b"}, []string{"aboutMe character contains U+3164, a character that is not allowed, on line 1 at column 2"}},
		{"about me: half-width Hangul filler", fields{"aboutMe": "a\uffa0b"}, []string{"aboutMe character contains U+FFA0, a character that is not allowed, on line 1 at column 2"}},
		{"about me: variation selector 1", fields{"aboutMe": "a\ufe00b"}, []string{"aboutMe character contains U+FE00, a character that is not allowed, on line 1 at column 2"}},
		{"about me: text selector", fields{"aboutMe": "a\ufe0eb"}, []string{"aboutMe character contains U+FE0E, a character that is not allowed, on line 1 at column 2"}},
		{"about me: emoji selector after a letter", fields{"aboutMe": "a\ufe0fb"}, []string{"aboutMe character contains U+FE0F, a character that is not allowed, on line 1 at column 2"}},
		{"about me: ideographic selector", fields{"aboutMe": "a\U000e0100b"}, []string{"aboutMe character contains U+E0100, a character that is not allowed, on line 1 at column 2"}},
		{"about me: last ideographic selector", fields{"aboutMe": "a\U000e01efb"}, []string{"aboutMe character contains U+E01EF, a character that is not allowed, on line 1 at column 2"}},
		{"about me: tag", fields{"aboutMe": "a\U000e0067b"}, []string{"aboutMe character contains U+E0067, a character that is not allowed, on line 1 at column 2"}},
		{"about me: soft hyphen", fields{"aboutMe": "a\u00adb"}, []string{"aboutMe character contains U+00AD, a character that is not allowed, on line 1 at column 2"}},
		{"about me: byte order mark", fields{"aboutMe": "a\ufeffb"}, []string{"aboutMe character contains U+FEFF, a character that is not allowed, on line 1 at column 2"}},
		{"about me: replacement character", fields{"aboutMe": "a\ufffdb"}, []string{"aboutMe character contains U+FFFD, a character that is not allowed, on line 1 at column 2"}},
		{"about me a number", fields{"aboutMe": 1.5}, []string{"aboutMe type must be text"}},
		{"unknown member", fields{"aboutMe": "a", "role": "admin"}, nil},
		{"all at once", fields{"nickname": "", "birthday": "1992-02-30", "aboutMe": strings.Repeat("a", 201)}, []string{
			"nickname required must not be empty",
			"birthday no_such_date is not a day of the calendar",
			"aboutMe too_long must not be longer than 200 characters",
		}},
		{"types and values at once", fields{"nickname": 1, "birthday": "x", "aboutMe": nil}, []string{
			"nickname type must be text",
			"birthday date_format must be a date such as 2006-01-02",
		}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			status := 200
			if tc.want != nil {
				status = 422
			}
			a := c.post("/users/edit", tc.body).want(t, status)
			var got []string
			for _, e := range a.Errors {
				got = append(got, e.Field+" "+e.Code+" "+e.Msg)
			}
			require.Equal(t, tc.want, got)
		})
	}
}

func TestFieldMessagesInChinese(t *testing.T) {
	c := start(t)
	c.signUp()
	c.lang = "zh-CN,zh;q=0.9,en;q=0.8"
	a := c.post("/users/edit", fields{"nickname": "一二三四五六七八九十一", "birthday": "1899-01-01", "aboutMe": 1}).want(t, 422)
	require.Equal(t, "有内容填写不正确", a.Msg)
	require.Equal(t, "不能超过 10 个字符", a.Errors[0].Msg)
	require.Equal(t, "不能早于 1900-01-01", a.Errors[1].Msg)
	require.Equal(t, "必须是文本", a.Errors[2].Msg)
}
