package smsfailover_test

import (
	"bytes"
	"crypto/aes"
	"crypto/cipher"
	"errors"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// An aead seals by AES-GCM; its current key is the first one.
type aead []cipher.AEAD

func newAEAD(t testing.TB, keys ...string) aead {
	t.Helper()
	var a aead
	for _, k := range keys {
		block, err := aes.NewCipher(bytes.Repeat([]byte(k), 16))
		require.NoError(t, err)
		gcm, err := cipher.NewGCMWithRandomNonce(block)
		require.NoError(t, err)
		a = append(a, gcm)
	}
	return a
}

func (a aead) Seal(plain []byte) ([]byte, error) { return a[0].Seal(nil, nil, plain, nil), nil }

func (a aead) Open(sealed []byte) (plain []byte, err error) {
	for _, k := range a {
		if plain, err = k.Open(nil, nil, sealed, nil); err == nil {
			return plain, nil
		}
	}
	return nil, err
}

// Codes don't lie in the store in clear, and arrive as they were, also under a
// key that is not the current one any more.
func TestSealedArgsArriveAsTheyWere(t *testing.T) {
	for _, args := range [][]string{{"271828", "5"}, {}, {""}, {"<&>\u2028 \"中文\""}, {strings.Repeat("x", smsfailover.MaxArgs*74/100)}} {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			p.fail(errDown)
			old := newFailover(t, p, s, brisk, smsfailover.WithSealer(newAEAD(t, "a")))
			require.NoError(t, old.Send(t.Context(), tpl, args, phone))
			time.Sleep(time.Second)
			jobs, err := s.Claim(t.Context(), "test", 1, time.Minute)
			require.NoError(t, err)
			require.Len(t, jobs, 1)
			require.True(t, jobs[0].Sealed)
			require.Len(t, jobs[0].Args, 1)
			require.NotContains(t, jobs[0].Args[0], "271828")
			require.NoError(t, s.Release(t.Context(), 0, jobs[0].Ref()))

			p.set(nil)
			rotated := newFailover(t, p, s, smsfailover.WithSealer(newAEAD(t, "b", "a")))
			defer run(t, rotated)()
			synctest.Wait()
			require.Len(t, p.taken(), 1)
			require.Equal(t, strings.Join(args, "|"), strings.Join(p.taken()[0].args, "|"))
		})
	}
}

// What can't be opened is buried, and can be redriven once it can.
func TestWhatCannotBeOpenedIsBuried(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		p.fail(errDown)
		sealing := newFailover(t, p, s, brisk, smsfailover.WithSealer(newAEAD(t, "a")))
		require.NoError(t, sealing.Send(t.Context(), tpl, []string{"271828"}, phone))
		p.set(nil)
		time.Sleep(time.Second)
		for _, tc := range []struct {
			opt   []smsfailover.Option
			cause string
		}{
			{nil, "there is no Sealer"},
			{[]smsfailover.Option{smsfailover.WithSealer(newAEAD(t, "b"))}, "message authentication failed"},
			{[]smsfailover.Option{smsfailover.WithSealer(unsealed{})}, "after opening"},
		} {
			f := newFailover(t, p, s, tc.opt...)
			stop := run(t, f)
			synctest.Wait()
			stop()
			require.Empty(t, p.taken())
			dead, err := s.Dead(t.Context(), smsfailover.Filter{})
			require.NoError(t, err)
			require.Len(t, dead, 1)
			require.Contains(t, dead[0].LastErr, "the sealed args can't be opened")
			require.Contains(t, dead[0].LastErr, tc.cause)
			_, err = f.Redrive(t.Context(), smsfailover.Filter{})
			require.NoError(t, err)
		}
		defer run(t, sealing)()
		synctest.Wait()
		require.Len(t, p.taken(), 1)
		require.Equal(t, []string{"271828"}, p.taken()[0].args)
	})
}

// unsealed seals nothing.
type unsealed struct{}

func (unsealed) Seal(b []byte) ([]byte, error) { return b, nil }
func (unsealed) Open(b []byte) ([]byte, error) { return b, nil }

// A message that can't be sealed isn't accepted, and its error tells no code.
func TestWhatCannotBeSealedIsRejected(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		p.fail(errDown)
		f := newFailover(t, p, s, smsfailover.WithSealer(keyless{}))
		err := f.Send(t.Context(), tpl, []string{"271828"}, phone)
		require.ErrorIs(t, err, errHSM)
		require.NotContains(t, err.Error(), "271828")
		g := newFailover(t, p, s, smsfailover.WithSealer(unsealed{}))
		require.ErrorIs(t, g.Send(t.Context(), tpl, []string{"\xff"}, phone), smsfailover.ErrInput)
		long := strings.Repeat("x", smsfailover.MaxArgs)
		require.ErrorIs(t, g.Send(t.Context(), tpl, []string{long}, phone), smsfailover.ErrInput)
		require.Zero(t, depth(t, s))
	})
}

// A message that can't be sealed is no reason to turn away the others of the call.
// A sealer that fails is, and it is asked once.
func TestOnlyWhatCannotBeSealedIsRejected(t *testing.T) {
	for _, idem := range []string{"", "key"} {
		bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
			p.fail(errDown)
			f := newFailover(t, p, s, brisk, smsfailover.WithSealer(unsealed{}))
			ms := []smsfailover.Message{code(phones(0), "1"), code(phones(1), "\xff"), code(phones(2), "3")}
			if idem != "" {
				for i := range ms {
					ms[i].IdemKey = idem + ms[i].To
				}
			}
			out, err := f.Submit(t.Context(), ms...)
			require.ErrorIs(t, err, smsfailover.ErrInput)
			require.ErrorContains(t, err, "1 of 3 messages were not accepted")
			for i, want := range []smsfailover.Outcome{smsfailover.Queued, smsfailover.Rejected, smsfailover.Queued} {
				require.Equal(t, want, out[i].Outcome, i)
			}
			p.set(nil)
			time.Sleep(time.Minute)
			defer run(t, f)()
			synctest.Wait()
			require.Len(t, p.taken(), 2)

			calls := 0
			g := newFailover(t, p, s, smsfailover.WithSealer(countingKeyless{&calls}))
			p.fail(errDown)
			_, err = g.Submit(t.Context(), ms...)
			require.ErrorContains(t, err, "3 of 3")
			require.Equal(t, 1, calls)
		})
	}
}

// A countingKeyless counts how often it is asked to seal, in vain.
type countingKeyless struct{ calls *int }

func (k countingKeyless) Seal([]byte) ([]byte, error) { *k.calls++; return nil, errHSM }
func (countingKeyless) Open([]byte) ([]byte, error)   { return nil, errHSM }

var errHSM = errors.New(`no key for ["271828"]`)

type keyless struct{ unsealed }

func (keyless) Seal([]byte) ([]byte, error) { return nil, errHSM }
