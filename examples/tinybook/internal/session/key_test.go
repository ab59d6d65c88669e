package session_test

import (
	"os"
	"path/filepath"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/session"
)

func TestKeptKey(t *testing.T) {
	path := filepath.Join(t.TempDir(), "session.key")
	made, err := session.KeptKey(path)
	require.NoError(t, err)
	kept, err := session.KeptKey(path)
	require.NoError(t, err)
	require.Equal(t, made, kept)
	info, err := os.Stat(path)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())

	require.NoError(t, os.WriteFile(path, []byte("k1:c2VjcmV0"), 0o600))
	_, err = session.KeptKey(path)
	require.ErrorContains(t, err, "6 bytes, want 32")
	require.NotContains(t, err.Error(), "c2VjcmV0")
}

func TestDerivedSecretsDiffer(t *testing.T) {
	a, err := testKey.Derive("a")
	require.NoError(t, err)
	b, err := testKey.Derive("b")
	require.NoError(t, err)
	again, err := testKey.Derive("a")
	require.NoError(t, err)
	require.Len(t, a, 32)
	require.Equal(t, a, again)
	require.NotEqual(t, a, b)
	require.NotEqual(t, testKey.Secret, a)
}

func FuzzVerify(f *testing.F) {
	m, err := session.New(&fakeStore{}, session.Config{Keys: []session.Key{testKey}})
	if err != nil {
		f.Fatal(err)
	}
	f.Add("")
	f.Add("a.b.c")
	f.Add("eyJhbGciOiJub25lIn0.e30.")
	f.Fuzz(func(t *testing.T, token string) {
		if id, err := m.Verify(t.Context(), token); err == nil {
			t.Errorf("Verify(%q) = %v, want an error", token, id)
		}
	})
}
