package main

import (
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

const twoItems = `{"items":[{"rank":1,"id":7,"title":"a","likeCount":9},{"rank":2,"id":3,"title":"b","likeCount":9}],"asOf":"now"}`

func TestAnswersAreCompared(t *testing.T) {
	want := []place{{ID: 7, LikeCount: 9}, {ID: 3, LikeCount: 9}}
	for _, tc := range []struct{ name, from, to, fault string }{
		{"right", "", "", ""},
		{"another time", "now", "then", ""},
		{"another order", `"id":7`, `"id":3`, "place 1"},
		{"another count", `"likeCount":9},`, `"likeCount":8},`, "place 1"},
		{"no title", `"b"`, `""`, "place 2"},
		{"fewer", `,{"rank":2,"id":3,"title":"b","likeCount":9}`, "", "1 items instead of 2"},
		{"no items", "items", "places", "0 items instead of 2"},
		{"another title", `"b"`, `"c"`, "other items than in the public ranking"},
		{"a field more", `"rank":2`, `"rank":2,"secret":1`, "other items than in the public ranking"},
		{"no JSON", `{"rank":1`, `{"rank":`, "invalid character"},
	} {
		for _, target := range targets[1:] {
			t.Run(tc.name+target, func(t *testing.T) {
				server := answering(t, target, strings.Replace(twoItems, tc.from, tc.to, 1))
				err := (&site{url: server.URL}).sameAnswers(t.Context(), want)
				if tc.fault == "" {
					require.NoError(t, err)
					return
				}
				require.ErrorContains(t, err, target+": ")
				require.ErrorContains(t, err, tc.fault)
			})
		}
	}
}

// answering returns a server with twoItems, but for one target.
func answering(t *testing.T, other, data string) *httptest.Server {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		text := twoItems
		if r.URL.Path == other {
			text = data
		}
		_, _ = w.Write([]byte(`{"code":200,"msg":"ok","data":` + text + `}`))
	}))
	t.Cleanup(server.Close)
	return server
}

func TestEveryTargetMustAnswer(t *testing.T) {
	server := httptest.NewServer(http.NotFoundHandler())
	defer server.Close()
	err := (&site{url: server.URL}).sameAnswers(t.Context(), nil)
	for _, target := range append([]string{"/articles/rank/100"}, targets...) {
		require.ErrorContains(t, err, target+": status 404")
	}
}
