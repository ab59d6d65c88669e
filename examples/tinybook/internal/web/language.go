package web

import (
	"fmt"
	"net/http"

	"golang.org/x/text/language"
)

// The languages of the messages.
const (
	Chinese = "zh"
	English = "en"
)

// The first is what everybody else gets. Whoever reads traditional characters
// reads these Chinese texts rather than English ones.
var matcher = language.NewMatcher([]language.Tag{language.Chinese, language.English, language.TraditionalChinese})

// Language returns the language of the answer: the best match of
// Accept-Language with its weights, and Chinese without one.
func Language(r *http.Request) string {
	tags, _, err := language.ParseAcceptLanguage(r.Header.Get("Accept-Language"))
	if err != nil {
		return Chinese
	}
	if _, index, confidence := matcher.Match(tags...); index == 1 && confidence > language.No {
		return English
	}
	return Chinese
}

// message returns the text of key. A key without a text is shown as it is,
// which the tests don't let happen.
func message(lang, key string, args ...any) string {
	texts, ok := messages[key]
	if !ok {
		return key
	}
	text := texts.zh
	if lang == English {
		text = texts.en
	}
	if len(args) == 0 {
		return text
	}
	return fmt.Sprintf(text, args...)
}
