package web_test

import (
	"encoding/json"
	"net/http/httptest"
	"testing"

	"github.com/gin-gonic/gin"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/web"
)

// encoded is data that is JSON already.
type encoded []byte

func (e encoded) AppendJSON(b []byte) []byte { return append(b, e...) }

// Data that is JSON already makes the answer that encoding it would.
func TestEncodedData(t *testing.T) {
	for _, data := range []any{nil, "x", []int{}, map[string]any{"data": nil, "a": `"data":null`}} {
		text, err := json.Marshal(data)
		require.NoError(t, err)
		engine := gin.New()
		engine.GET("/plain", web.Handle(200, "ok", func(*gin.Context) (any, error) { return data, nil }))
		engine.GET("/encoded", web.Handle(200, "ok", func(*gin.Context) (encoded, error) { return text, nil }))
		ask := func(path string) *httptest.ResponseRecorder {
			answer := httptest.NewRecorder()
			engine.ServeHTTP(answer, httptest.NewRequest("GET", path, nil))
			return answer
		}
		plain, encoded := ask("/plain"), ask("/encoded")
		require.Equal(t, plain.Body.String(), encoded.Body.String())
		encoded.Header().Del("Content-Length") // which only one of them knows
		require.Equal(t, plain.Header(), encoded.Header())
		require.Equal(t, plain.Code, encoded.Code)
	}
}
