package web

import (
	"encoding/json"
	"errors"
	"io"
	"mime"
	"net/http"
	"os"
	"strings"

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
	// The type first: what has another one isn't read.
	if err := checkMedia(c); err != nil {
		return nil, err
	}
	body, err := readBody(c)
	if err != nil {
		return nil, err
	}
	return parseForm(body)
}

// ReadOptionalForm is ReadForm for a request that needs no body. That there is
// none may not be known before it is read.
func ReadOptionalForm(c *gin.Context) (*Form, error) {
	body, err := readBody(c)
	if err != nil {
		return nil, err
	}
	if len(body) == 0 {
		return &Form{}, nil
	}
	if err := checkMedia(c); err != nil {
		return nil, err
	}
	return parseForm(body)
}

func checkMedia(c *gin.Context) error {
	media, params, err := mime.ParseMediaType(c.GetHeader("Content-Type"))
	charset, other := params["charset"]
	if err != nil || media != "application/json" || other && !strings.EqualFold(charset, "utf-8") {
		return &Error{Status: http.StatusUnsupportedMediaType, Key: "media_type"}
	}
	return nil
}

func readBody(c *gin.Context) ([]byte, error) {
	body, err := io.ReadAll(c.Request.Body)
	if err == nil {
		return body, nil
	}
	if tooLarge, ok := errors.AsType[*http.MaxBytesError](err); ok {
		return nil, &Error{Status: http.StatusRequestEntityTooLarge, Key: "too_large", Data: gin.H{"limit": tooLarge.Limit}}
	}
	if errors.Is(err, os.ErrDeadlineExceeded) {
		c.Header("Connection", "close") // The rest may come at any time.
		return nil, &Error{Status: http.StatusRequestTimeout, Key: "slow", Err: err}
	}
	return nil, &Error{Status: http.StatusBadRequest, Key: "body", Err: err}
}

func parseForm(body []byte) (*Form, error) {
	members, err := parseObject(body)
	if err != nil {
		return nil, &Error{Status: http.StatusBadRequest, Key: "json"}
	}
	return &Form{members: members}, nil
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

// Into reads the field of that name into target, a pointer; one that is absent
// or null leaves it alone.
func (f *Form) Into(name string, target any) {
	raw, ok := f.members[name]
	if !ok || string(raw) == "null" {
		return
	}
	if err := json.Unmarshal(raw, target); err != nil {
		f.Faults.Add(name, "kind")
	}
}

// Required returns the text field of that name, which must not be empty.
func (f *Form) Required(name string) string {
	t := f.Text(name)
	if t.Value == "" && !f.Faults.Has(name) {
		f.Faults.Add(name, fields.Required)
	}
	return t.Value
}
