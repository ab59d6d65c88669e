package web

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"time"

	"github.com/gin-gonic/gin"
)

// A Result is the envelope of every answer of the API. Code is the HTTP status.
type Result struct {
	Code      int          `json:"code"`
	Msg       string       `json:"msg"`
	Data      any          `json:"data"`
	Errors    []FieldError `json:"errors"`
	RequestID string       `json:"requestId"`
}

// A FieldError says what is wrong with one field of a request: a stable code
// and the words for it in the language of the client.
type FieldError struct {
	Field string `json:"field"`
	Code  string `json:"code"`
	Msg   string `json:"msg"`
}

// Handle makes a handler of f. On success it answers with status, the message
// of key and what f returned; an error goes to the [Errors] middleware.
func Handle[T any](status int, key string, f func(c *gin.Context) (T, error)) gin.HandlerFunc {
	return func(c *gin.Context) {
		data, err := f(c)
		if err != nil {
			Fail(c, err)
			return
		}
		write(c, status, key, Result{Data: data})
	}
}

// Fail ends the request with err, which the [Errors] middleware answers.
func Fail(c *gin.Context, err error) {
	_ = c.Error(err) // It returns err again, for chaining.
	c.Abort()
}

func writeError(c *gin.Context, e *Error) {
	lang := Language(c.Request)
	faults := make([]FieldError, len(e.Fields))
	for i, fault := range e.Fields {
		faults[i] = FieldError{
			Field: fault.Field,
			Code:  fault.Code,
			Msg:   message(lang, "field."+fault.Code, fault.Args...),
		}
	}
	write(c, e.Status, e.Key, Result{Data: e.Data, Errors: faults})
}

func write(c *gin.Context, status int, key string, r Result) {
	lang := Language(c.Request)
	r.Code = status
	r.Msg = message(lang, key)
	r.RequestID = RequestID(c)
	if r.Errors == nil {
		r.Errors = []FieldError{}
	}
	h := c.Writer.Header()
	h.Set("Content-Language", lang)
	if status != http.StatusOK || h.Get("Cache-Control") == "" { // who answers may know better
		h.Set("Cache-Control", "no-store")
	}
	h.Add("Vary", "Accept-Language")
	if data, ok := r.Data.(Encoded); ok {
		writeEncoded(c, status, r, data)
		return
	}
	c.JSON(status, r)
}

// Encoded is data of a [Result] that is JSON already, in its shortest form. It
// goes into the answer as it is.
type Encoded []byte

// noData is what an envelope without data has. No text in JSON has that within:
// its quotes are escaped.
const noData = `"data":null`

// writeEncoded puts data where the envelope has none.
func writeEncoded(c *gin.Context, status int, r Result, data Encoded) {
	r.Data = nil
	envelope, err := json.Marshal(r)
	if err != nil { // of texts and a number: it can't
		Fail(c, err)
		return
	}
	before, after, _ := bytes.Cut(envelope, []byte(noData))
	body := make([]byte, 0, len(envelope)+len(data))
	body = append(body, before...)
	body = append(body, `"data":`...)
	body = append(body, data...)
	body = append(body, after...)
	c.Data(status, "application/json; charset=utf-8", body)
}

// retryAfter rounds up: a client that waits so long isn't refused again.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}
