package smsfailover_test

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/smsfailover"
)

// told returns the texts of err and of all errors in it.
func told(err error) []string {
	if err == nil {
		return nil
	}
	texts := []string{err.Error(), fmt.Sprintf("%+v", err)}
	switch e := err.(type) { //nolint:errorlint // link by link is the point
	case interface{ Unwrap() error }:
		texts = append(texts, told(e.Unwrap())...)
	case interface{ Unwrap() []error }:
		for _, one := range e.Unwrap() {
			texts = append(texts, told(one)...)
		}
	}
	return texts
}

// A rude error quotes the message it is about.
type rude struct{ text string }

func (e *rude) Error() string { return e.text }

func (e *rude) Unwrap() error { return smsfailover.ErrPermanent }

// Who prints an error link by link, as some loggers do, finds no secret in it, and
// who asks for the provider's own error still gets it.
func TestNoLinkOfAnErrorTellsASecret(t *testing.T) {
	own := &rude{"to " + phone + ": template login has no 271828"}
	p := &provider{}
	p.fail(own)
	chain := newChain(t, smsfailover.Provider{Name: "first", Service: p})
	for name, service := range map[string]smsfailover.Service{
		"Failover":             newFailover(t, p, smsfailover.NewMemStore()),
		"Chain":                chain,
		"Failover on a Chain":  newFailover(t, chain, smsfailover.NewMemStore()),
		"Chain on a Chain":     newChain(t, smsfailover.Provider{Name: "inner", Service: chain}),
		"Chain, several of it": chain,
	} {
		t.Run(name, func(t *testing.T) {
			numbers := []string{phone}
			if strings.Contains(name, "several") {
				numbers = []string{phone, phone}
			}
			err := service.Send(t.Context(), tpl, []string{"271828"}, numbers...)
			require.ErrorIs(t, err, smsfailover.ErrPermanent)
			found, ok := errors.AsType[*rude](err)
			require.True(t, ok)
			require.Same(t, own, found)
			require.ErrorContains(t, err, "template login has no ***")
			for _, text := range told(err) {
				require.NotContains(t, text, "271828")
				require.NotContains(t, text, "138001")
			}
		})
	}
}

// A quoting store tells of its first job in the error for all of them.
type quoting struct{ smsfailover.Store }

func (quoting) Enqueue(_ context.Context, jobs ...smsfailover.Job) ([]smsfailover.Outcome, error) {
	return nil, fmt.Errorf("incorrect value: %q for %s", jobs[0].Args, jobs[0].To)
}

// Neither the error nor the log tells of one message what a store says of another.
func TestAStoreThatQuotesTellsNoSecret(t *testing.T) {
	bubble(t, func(t *testing.T, p *provider, s *smsfailover.MemStore) {
		var log strings.Builder
		f := newFailover(t, p, quoting{s}, smsfailover.WithLogger(slog.New(slog.NewTextHandler(&log, nil))))
		p.fail(errDown)
		_, err := f.Submit(t.Context(), code(phones(1), "271828"), code(phones(2), "314159"))
		require.ErrorContains(t, err, "incorrect value")
		for _, text := range append(told(err), log.String()) {
			require.NotContains(t, text, "271828")
			require.NotContains(t, text, "13800")
		}
		require.Contains(t, log.String(), "incorrect value")
	})
}
