package user_test

import (
	"context"
	"errors"
	"runtime"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/examples/tinybook/internal/fields"
	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

func TestMaskPhone(t *testing.T) {
	for phone, want := range map[string]string{
		"":               "",
		"+8613800138000": "138****8000",
		"+14155550123":   "+14****123",
		"+1234":          "*****",
	} {
		if got := user.MaskPhone(phone); got != want {
			t.Errorf("MaskPhone(%q) = %q, want %q", phone, got, want)
		}
	}
}

func TestNormalizePhone(t *testing.T) {
	for phone, want := range map[string]string{
		"13800138000":         "+8613800138000",
		"+86 138-0013-8000":   "+8613800138000",
		"0086 138 0013 8000":  "+8613800138000",
		"(+86) 13800138000":   "+8613800138000",
		"+1 (415) 555-2671":   "+14155552671",
		"+44 7911 123456":     "+447911123456",
		"01065529988":         "", // a fixed line
		"+441212345678":       "",
		"123":                 "",
		"+8613800138000;ext=": "",
		"1380013800O":         "",
		"１３８００１３８０００":         "",
		"":                    "",
	} {
		got, ok := user.NormalizePhone(phone)
		if got != want || ok != (want != "") {
			t.Errorf("NormalizePhone(%q) = %q, %v, want %q", phone, got, ok, want)
		}
	}
}

func FuzzNormalizePhone(f *testing.F) {
	f.Add("13800138000")
	f.Add("+86 138")
	f.Fuzz(func(t *testing.T, phone string) {
		once, ok := user.NormalizePhone(phone)
		if !ok {
			return
		}
		if twice, ok := user.NormalizePhone(once); !ok || twice != once || !strings.HasPrefix(once, "+") {
			t.Errorf("NormalizePhone(%q) = %q, and of that %q, %v", phone, once, twice, ok)
		}
	})
}

func FuzzEdit(f *testing.F) {
	f.Add("a", "1992-01-15", "about")
	f.Add("\u202e", "0000-00-00", "\x00")
	users := user.NewService(&memory{}, nil)
	f.Fuzz(func(t *testing.T, nickname, birthday, about string) {
		err := users.Edit(t.Context(), 1, user.Edit{Nickname: &nickname, Birthday: &birthday, AboutMe: &about}, nil)
		if _, ok := errors.AsType[fields.Errors](err); err != nil && !ok {
			t.Errorf("Edit(%q, %q, %q): %v", nickname, birthday, about, err)
		}
	})
}

// memory takes every edit.
type memory struct{ user.Repo }

func (*memory) Update(context.Context, int64, user.Edit) error { return nil }

func TestHasher(t *testing.T) {
	h, err := user.NewHasher(4)
	require.NoError(t, err)
	hash, err := h.Hash(t.Context(), "passw0rd")
	require.NoError(t, err)
	for _, tc := range []struct {
		name, hash, password string
		want                 bool
	}{
		{"right", hash, "passw0rd", true},
		{"wrong", hash, "passw0rt", false},
		{"no hash", "", "passw0rd", false},
		{"endless", hash, strings.Repeat("p", 100), false},
	} {
		got, err := h.Check(t.Context(), tc.hash, tc.password)
		if err != nil || got != tc.want {
			t.Errorf("%s: Check = %v, %v, want %v", tc.name, got, err, tc.want)
		}
	}
	_, err = h.Check(t.Context(), "not a hash", "passw0rd")
	require.Error(t, err)
	_, err = user.NewHasher(3)
	require.ErrorContains(t, err, "cost 3")
}

// Whoever waits for a processor gives up with the request. Unknown users wait
// in the same line, or the time would tell them apart.
func TestHasherWaitsInLine(t *testing.T) {
	h, err := user.NewHasher(4)
	require.NoError(t, err)
	release := user.FillForTest(h, runtime.GOMAXPROCS(0))
	defer release()
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = h.Hash(ctx, "passw0rd")
	require.ErrorIs(t, err, context.Canceled)
	_, err = h.Check(ctx, "", "passw0rd")
	require.ErrorIs(t, err, context.Canceled)
}

func TestRepo(t *testing.T) {
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	require.NoError(t, db.Migrate(t.Context()), "again")
	repo := user.NewSQLRepo(db)
	ctx := t.Context()

	both := user.User{Email: "a@example.com", Phone: "+8613800138000", PasswordHash: "h", Nickname: "n", Birthday: "1992-01-15", AboutMe: "me"}
	id, err := repo.Create(ctx, both)
	require.NoError(t, err)
	both.ID = id
	for range 2 { // no e-mail and no phone is nobody's twice
		_, err = repo.Create(ctx, user.User{Nickname: "nobody"})
		require.NoError(t, err)
	}
	for _, dup := range []user.User{{Email: both.Email}, {Phone: both.Phone}} {
		_, err = repo.Create(ctx, dup)
		require.ErrorIs(t, err, user.ErrDuplicate)
	}
	byID, err := repo.FindByID(ctx, id)
	require.NoError(t, err)
	byEmail, err := repo.FindByEmail(ctx, both.Email)
	require.NoError(t, err)
	byPhone, err := repo.FindByPhone(ctx, both.Phone)
	require.NoError(t, err)
	require.Equal(t, []user.User{both, both, both}, []user.User{byID, byEmail, byPhone})

	empty := ""
	require.NoError(t, repo.Update(ctx, id, user.Edit{AboutMe: &empty}))
	byID, err = repo.FindByID(ctx, id)
	require.NoError(t, err)
	both.AboutMe = ""
	require.Equal(t, both, byID)
	require.NoError(t, repo.Update(ctx, id, user.Edit{AboutMe: &empty}), "the same again")
	require.ErrorIs(t, repo.Update(ctx, 999, user.Edit{}), user.ErrNotFound)
	_, err = repo.FindByID(ctx, 999)
	require.ErrorIs(t, err, user.ErrNotFound)
}
