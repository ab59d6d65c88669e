package ui

import (
	"net/http"
	"slices"
	"strings"

	"github.com/gin-gonic/gin"
	xlanguage "golang.org/x/text/language"
)

const (
	langZH = "zh-CN"
	langEN = "en"
	// langCookie remembers the choice made with ?lang=.
	langCookie = "lang"
	year       = 365 * 24 * 60 * 60
)

// languages holds the texts of each language.
var languages = map[string]map[string]string{langZH: textsZH, langEN: textsEN}

// matcher falls back to its first tag.
var matcher = xlanguage.NewMatcher([]xlanguage.Tag{xlanguage.SimplifiedChinese, xlanguage.English})

// language returns the language of a page: what ?lang= asks for, which is
// remembered, then the cookie, then Accept-Language, then Chinese.
func language(c *gin.Context) string {
	if lang := known(c.Query("lang")); lang != "" {
		http.SetCookie(c.Writer, &http.Cookie{
			Name: langCookie, Value: lang, Path: "/", MaxAge: year, HttpOnly: true, SameSite: http.SameSiteLaxMode,
		})
		return lang
	}
	if value, err := c.Cookie(langCookie); err == nil {
		if lang := known(value); lang != "" {
			return lang
		}
	}
	if _, i := xlanguage.MatchStrings(matcher, c.GetHeader("Accept-Language")); i == 1 {
		return langEN
	}
	return langZH
}

// known returns the language that s names, and "" if it names none of ours.
func known(s string) string {
	switch base, _, _ := strings.Cut(strings.ToLower(s), "-"); base {
	case "zh":
		return langZH
	case "en":
		return langEN
	default:
		return ""
	}
}

func other(lang string) string {
	if lang == langZH {
		return langEN
	}
	return langZH
}

// An entry is one text and the key it is found by.
type entry struct{ Key, Text string }

// entries returns the texts whose keys begin with prefix, in order. The keys
// lose the prefix.
func entries(table map[string]string, prefix string) []entry {
	var found []entry
	for key, text := range table {
		if short, ok := strings.CutPrefix(key, prefix); ok {
			found = append(found, entry{short, text})
		}
	}
	slices.SortFunc(found, func(a, b entry) int { return strings.Compare(a.Key, b.Key) })
	return found
}
