package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"unicode/utf8"

	"github.com/gin-gonic/gin"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
)

// A Form is a JSON object that a client sent. Reading a field that has another
// type than asked for is a fault of that field, not of the request, so that
// all faults are told at once. Members that nobody reads are ignored.
type Form struct {
	Faults  fields.Errors
	members map[string]json.RawMessage
}

// A Text is a field of a form. Set is false when it is absent or null.
type Text struct {
	Value string
	Set   bool
}

// ReadForm reads the body of the request. The body must be one JSON object,
// and say so in its Content-Type: a form of another site can't.
func ReadForm(c *gin.Context) (*Form, error) {
	media, _, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	if err != nil || media != "application/json" {
		return nil, &Error{Status: http.StatusUnsupportedMediaType, Key: "media_type"}
	}
	return readForm(c)
}

// ReadOptionalForm is ReadForm for a request that needs no body.
func ReadOptionalForm(c *gin.Context) (*Form, error) {
	if c.Request.ContentLength == 0 {
		return &Form{}, nil
	}
	return ReadForm(c)
}

func readForm(c *gin.Context) (*Form, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err != nil {
		if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
			return nil, &Error{Status: http.StatusRequestEntityTooLarge, Key: "too_large", Data: gin.H{"limit": tooLarge.Limit}}
		}
		return nil, &Error{Status: http.StatusBadRequest, Key: "body", Err: err}
	}
	form := &Form{}
	// The decoder's own error may quote the body, so it goes nowhere.
	if !utf8.Valid(body) || json.Unmarshal(body, &form.members) != nil || form.members == nil {
		return nil, &Error{Status: http.StatusBadRequest, Key: "json"}
	}
	return form, nil
}

// Text returns the text field of that name.
func (f *Form) Text(name string) Text {
	raw, ok := f.members[name]
	if !ok || string(raw) == "null" {
		return Text{}
	}
	t := Text{Set: true}
	if err := json.Unmarshal(raw, &t.Value); err != nil {
		f.Faults.Add(name, fields.Type)
	}
	return t
}

// Required returns the text field of that name, which must not be empty.
func (f *Form) Required(name string) string {
	t := f.Text(name)
	if t.Value == "" && !f.Faults.Has(name) {
		f.Faults.Add(name, fields.Required)
	}
	return t.Value
}
