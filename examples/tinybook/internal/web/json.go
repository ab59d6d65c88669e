package web

import (
	"bytes"
	"encoding/json"
	"errors"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

var errJSON = errors.New("web: not one JSON object")

// parseObject returns the members of the JSON object that body is. It is
// stricter than encoding/json, which takes the last of two members of one name
// and puts U+FFFD in place of half a surrogate pair: other readers of the same
// text would see something else. Its errors quote nothing.
func parseObject(body []byte) (map[string]json.RawMessage, error) {
	var members map[string]json.RawMessage
	if !utf8.Valid(body) || json.Unmarshal(body, &members) != nil || members == nil {
		return nil, errJSON
	}
	if hasLoneSurrogate(body) || hasTwins(body) {
		return nil, errJSON
	}
	return members, nil
}

// hasLoneSurrogate looks for \uD800 to \uDFFF outside a pair. In valid JSON a
// backslash stands only in strings.
func hasLoneSurrogate(body []byte) bool {
	for i := 0; i < len(body); i++ {
		if body[i] != '\\' {
			continue
		}
		unit := escaped(body[i:])
		switch {
		case !utf16.IsSurrogate(unit):
			i++ // what is escaped may be a backslash
		case utf16.DecodeRune(unit, escaped(body[i+6:])) == utf8.RuneError:
			return true
		default:
			i += 11
		}
	}
	return false
}

// escaped returns the code unit that s begins with as \uXXXX, and 0 if it
// begins with anything else.
func escaped(s []byte) rune {
	if len(s) < 6 || s[0] != '\\' || s[1] != 'u' {
		return 0
	}
	unit, err := strconv.ParseUint(string(s[2:6]), 16, 16)
	if err != nil {
		return 0
	}
	return rune(unit)
}

// hasTwins reports whether any object in valid JSON has two members of one
// name.
func hasTwins(body []byte) bool {
	type object struct {
		names map[string]bool // nil for a list
		value bool            // a value comes next, not a name
	}
	var open []*object
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.UseNumber() // a large one is no error
	for {
		token, err := decoder.Token()
		if err != nil {
			return false // the end: the text is valid
		}
		if token == json.Delim('}') || token == json.Delim(']') {
			open = open[:len(open)-1]
			continue
		}
		if len(open) > 0 {
			o := open[len(open)-1]
			if name, ok := token.(string); ok && o.names != nil && !o.value {
				if o.names[name] {
					return true
				}
				o.names[name], o.value = true, true
				continue
			}
			o.value = false
		}
		switch token {
		case json.Delim('{'):
			open = append(open, &object{names: map[string]bool{}})
		case json.Delim('['):
			open = append(open, &object{})
		}
	}
}
