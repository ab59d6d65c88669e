package user_test

import (
	"context"
	"errors"
	"runtime"
	"testing"
	"testing/synctest"

	"github.com/stretchr/testify/require"
	"golang.org/x/crypto/bcrypt"

	"github.com/ycvk/tinybook/examples/tinybook/internal/platform"
	"github.com/ycvk/tinybook/examples/tinybook/internal/user"
)

func openRepo(t *testing.T) *user.SQLRepo {
	t.Helper()
	db, err := platform.OpenSQLite(t.Context(), t.TempDir())
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, db.Close()) })
	require.NoError(t, db.Migrate(t.Context()))
	return user.NewSQLRepo(db)
}

func hashOf(t *testing.T, cost int, password string) string {
	t.Helper()
	hash, err := bcrypt.GenerateFromPassword([]byte(password), cost)
	require.NoError(t, err)
	return string(hash)
}

// Whether there is an account, and when its password was set, can't be told
// from the work of a refused login.
func TestRefusalsCostTheSame(t *testing.T) {
	for name, now := range map[string]int{"cost went up": 8, "cost is between": 6, "cost went down": 4} {
		t.Run(name, func(t *testing.T) {
			repo := openRepo(t)
			for email, cost := range map[string]int{"four@example.com": 4, "five@example.com": 5, "seven@example.com": 7} {
				_, err := repo.Create(t.Context(), user.User{Email: email, PasswordHash: hashOf(t, cost, "passw0rd")})
				require.NoError(t, err)
			}
			_, err := repo.Create(t.Context(), user.User{Phone: "+8613800138000", Email: "sms@example.com"})
			require.NoError(t, err)
			h, err := user.NewHasher(now)
			require.NoError(t, err)
			highest, err := repo.HighestCost(t.Context())
			require.NoError(t, err)
			require.Equal(t, 7, highest)
			h.Cover(highest)
			work := user.CountForTest(h, func(string) bool { return false })
			users := user.NewService(repo, h)
			for _, email := range []string{"nobody@example.com", "four@example.com", "five@example.com", "seven@example.com", "sms@example.com"} {
				work.Rounds = 0
				_, err := users.Login(t.Context(), email, "wrong")
				require.ErrorIs(t, err, user.ErrCredentials)
				require.Equal(t, 1<<max(7, now), work.Rounds, email)
			}
		})
	}
}

// A good login brings the hash to the cost of now.
func TestRehash(t *testing.T) {
	repo := openRepo(t)
	id, err := repo.Create(t.Context(), user.User{Email: "a@example.com", PasswordHash: hashOf(t, 4, "passw0rd")})
	require.NoError(t, err)
	h, err := user.NewHasher(5)
	require.NoError(t, err)
	users := user.NewService(repo, h)
	cost := func() int {
		u, err := repo.FindByID(t.Context(), id)
		require.NoError(t, err)
		cost, err := bcrypt.Cost([]byte(u.PasswordHash))
		require.NoError(t, err)
		return cost
	}
	_, err = users.Login(t.Context(), "a@example.com", "wrong")
	require.ErrorIs(t, err, user.ErrCredentials)
	require.Equal(t, 4, cost())
	for range 2 {
		got, err := users.Login(t.Context(), "a@example.com", "passw0rd")
		require.NoError(t, err)
		require.Equal(t, id, got)
		require.Equal(t, 5, cost())
	}
	// A password that was changed meanwhile stays.
	require.NoError(t, repo.SetPasswordHash(t.Context(), id, "another", hashOf(t, 6, "x")))
	require.Equal(t, 5, cost())
}

func TestHighestCost(t *testing.T) {
	repo := openRepo(t)
	highest, err := repo.HighestCost(t.Context())
	require.NoError(t, err)
	require.Equal(t, 0, highest)
	_, err = repo.Create(t.Context(), user.User{Email: "a@example.com", PasswordHash: "no hash of bcrypt"})
	require.NoError(t, err)
	_, err = repo.HighestCost(t.Context())
	require.ErrorContains(t, err, "not of bcrypt")
}

// Who comes when as many wait as can be served is refused at once.
func TestHasherRefusesWhenTheQueueIsFull(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		h, err := user.NewHasher(12)
		require.NoError(t, err)
		user.CountForTest(h, func(string) bool { return false })
		limit := user.LimitForTest(h)
		require.Equal(t, 16*runtime.GOMAXPROCS(0), limit, "a quarter of what may wait at cost 10")
		release := user.FillForTest(h, runtime.GOMAXPROCS(0))
		ctx, cancel := context.WithCancel(t.Context())
		errs := make(chan error, limit)
		for range limit {
			go func() {
				_, err := h.Check(ctx, "", "passw0rd")
				errs <- err
			}()
		}
		synctest.Wait()
		_, err = h.Check(t.Context(), "", "passw0rd")
		require.ErrorIs(t, err, user.ErrBusy)
		_, err = h.Hash(t.Context(), "passw0rd")
		require.ErrorIs(t, err, user.ErrBusy)
		known := user.MapError(err)
		require.Equal(t, 503, known.Status)
		require.Positive(t, known.RetryAfter)

		cancel() // those who wait go away
		for range limit {
			require.ErrorIs(t, <-errs, context.Canceled)
		}
		release()
		_, err = h.Check(t.Context(), "", "passw0rd")
		require.NoError(t, err, "there is room again")
	})
}

func TestEnsure(t *testing.T) {
	demo := user.User{Email: "demo@example.com", Phone: "+8613800138000"}
	h, err := user.NewHasher(4)
	require.NoError(t, err)
	for _, tc := range []struct {
		name   string
		before []user.User
		want   string
	}{
		{name: "new"},
		{name: "phone taken", before: []user.User{{Phone: demo.Phone}}, want: "its phone belongs to another account"},
		{name: "e-mail taken", before: []user.User{{Email: demo.Email, PasswordHash: hashOf(t, 4, "an0ther")}}, want: "another password"},
		{name: "there", before: []user.User{{Email: demo.Email, PasswordHash: hashOf(t, 4, "passw0rd")}}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			repo := openRepo(t)
			for _, u := range tc.before {
				_, err := repo.Create(t.Context(), u)
				require.NoError(t, err)
			}
			users := user.NewService(repo, h)
			for range 2 {
				err := users.Ensure(t.Context(), demo, "passw0rd")
				if tc.want == "" {
					require.NoError(t, err)
					continue
				}
				require.ErrorIs(t, err, user.ErrDuplicate)
				require.ErrorContains(t, err, tc.want)
			}
		})
	}
	// Another failure isn't a taken phone.
	err = user.NewService(failing{}, h).Ensure(t.Context(), demo, "passw0rd")
	require.ErrorIs(t, err, errFailing)
	require.NotErrorIs(t, err, user.ErrDuplicate)
}

var errFailing = errors.New("failing")

type failing struct{ user.Repo }

func (failing) FindByEmail(context.Context, string) (user.User, error) {
	return user.User{}, errFailing
}
