package web

import (
	"bytes"
	"encoding/json"
	"math"
	"net/http"
	"strconv"
	"sync"
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
	if data, ok := r.Data.(Appender); ok {
		writeAppended(c, status, r, data)
		return
	}
	c.JSON(status, r)
}

// An Appender is data of a [Result] that is all but encoded already. AppendJSON
// appends what encoding/json would make of it.
type Appender interface {
	AppendJSON(b []byte) []byte
}

const (
	// noData is what an envelope without data has. No text in JSON has that within:
	// its quotes are escaped.
	noData = `"data":null`
	// largeAnswer is the room of a buffer that isn't kept for the next answer.
	largeAnswer = 64 << 10
)

// answers are buffers for whole answers.
var answers = sync.Pool{New: func() any { return new([]byte) }}

// writeAppended puts data where the envelope has none. The answer is written in one
// piece whose length the client is told, which takes the fewest system calls.
func writeAppended(c *gin.Context, status int, r Result, data Appender) {
	r.Data = nil
	envelope, err := json.Marshal(r)
	if err != nil { // of texts and a number: it can't
		Fail(c, err)
		return
	}
	before, after, _ := bytes.Cut(envelope, []byte(noData))
	buffer := answers.Get().(*[]byte)
	body := append((*buffer)[:0], before...)
	body = append(body, `"data":`...)
	body = data.AppendJSON(body)
	body = append(body, after...)
	c.Header("Content-Length", strconv.Itoa(len(body)))
	c.Data(status, "application/json; charset=utf-8", body)
	if cap(body) <= largeAnswer {
		*buffer = body
		answers.Put(buffer)
	}
}

// retryAfter rounds up: a client that waits so long isn't refused again.
func retryAfter(d time.Duration) string {
	return strconv.FormatInt(int64(math.Ceil(d.Seconds())), 10)
}
