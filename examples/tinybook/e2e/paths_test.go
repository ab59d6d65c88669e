package e2e_test

import (
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/apptest"
)

// One thing has one address: a number in it has one spelling.
func TestNumbersInPathsHaveOneSpelling(t *testing.T) {
	site := apptest.Start(t, nil)
	c := newClient(t, site.URL())
	c.signUp()
	require.Equal(t, int64(1), c.publish("a").ID)
	status := func(path string) int {
		t.Helper()
		resp, err := c.http.Do(c.request("GET", path, nil))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		return resp.StatusCode
	}
	for _, path := range []string{"/articles/pub/", "/articles/detail/", "/articles/counts/", "/read/"} {
		require.Equal(t, 200, status(path+"1"), path)
		for _, id := range []string{"+1", "01", "001", "%2B1", "1%20", "-1", "x"} {
			require.Equal(t, 404, status(path+id), path+id)
		}
	}
	require.Equal(t, 200, status("/articles/rank/7"))
	for _, n := range []string{"+7", "07", "007", "%2B7"} {
		require.Equal(t, 422, status("/articles/rank/"+n), n)
	}
	require.Equal(t, 422, status("/articles/rank/stream?n=007"))
}
