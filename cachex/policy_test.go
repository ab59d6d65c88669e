package cachex_test

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/cachex"
)

func TestDefaultPolicy(t *testing.T) {
	p := cachex.DefaultPolicy()
	require.NoError(t, p.Validate())
	require.Equal(t, cachex.Policy{
		TTL: 10 * time.Minute, ResendAfter: time.Minute, MaxAttempts: 3,
		Guesses: cachex.Budget{Max: 20, Window: 24 * time.Hour},
		Sends:   []cachex.Budget{{Max: 5, Window: time.Hour}, {Max: 10, Window: 24 * time.Hour}},
	}, p)
}

func TestPolicyValidate(t *testing.T) {
	const year = 366 * 24 * time.Hour
	for _, tc := range []struct {
		name   string
		change func(p *cachex.Policy)
		faults []string // none: valid
	}{
		{"no pause and no budgets", func(p *cachex.Policy) {
			p.ResendAfter, p.Guesses, p.Sends = 0, cachex.Budget{}, nil
		}, nil},
		{"a budget that is off", func(p *cachex.Policy) { p.Sends = []cachex.Budget{{}, {1, time.Hour}} }, nil},
		{"the bounds", func(p *cachex.Policy) {
			p.TTL, p.ResendAfter, p.MaxAttempts = time.Millisecond, year, 65535
			p.Guesses = cachex.Budget{Max: 65535, Window: year}
		}, nil},
		{"zero", func(p *cachex.Policy) { *p = cachex.Policy{} }, []string{"Policy.TTL is 0s", "Policy.MaxAttempts is 0"}},
		{"negative", func(p *cachex.Policy) {
			p.TTL, p.ResendAfter, p.MaxAttempts = -time.Second, -time.Minute, -1
		}, []string{"Policy.TTL is -1s", "Policy.ResendAfter is -1m0s, want 0 or 1ms to 8784h", "Policy.MaxAttempts is -1"}},
		{"too large", func(p *cachex.Policy) {
			p.TTL, p.ResendAfter, p.MaxAttempts = year+1, year+1, 65536
		}, []string{"Policy.TTL is 8784h0m0.000000001s", "Policy.ResendAfter is 8784h0m0.000000001s", "Policy.MaxAttempts is 65536"}},
		{"below a millisecond", func(p *cachex.Policy) { p.TTL = time.Millisecond - 1 }, []string{"Policy.TTL is 999.999µs, want 1ms to 8784h"}},
		{"half a budget", func(p *cachex.Policy) {
			p.Guesses = cachex.Budget{Max: 1}
			p.Sends = []cachex.Budget{{1, time.Hour}, {0, time.Hour}, {-1, -1}}
		}, []string{"Policy.Guesses.Window is 0s", "Policy.Sends[1].Max is 0", "Policy.Sends[2].Max is -1", "Policy.Sends[2].Window is -1ns"}},
		{"five budgets", func(p *cachex.Policy) {
			p.Sends = make([]cachex.Budget, 5)
		}, []string{"Policy.Sends has 5 budgets, at most 4"}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			p := cachex.DefaultPolicy()
			tc.change(&p)
			err := p.Validate()
			if len(tc.faults) == 0 {
				require.NoError(t, err)
				return
			}
			require.Error(t, err)
			for _, fault := range tc.faults {
				require.Contains(t, err.Error(), "cachex: "+fault)
			}
			_, err2 := cachex.NewCodeLocalCache(cachex.WithPolicy("pay", p))
			require.EqualError(t, err2, strings.ReplaceAll(err.Error(), "cachex: ", `cachex: WithPolicy("pay"): `), "each fault names the Biz")
			require.Equal(t, len(tc.faults), strings.Count(err.Error(), "\n")+1, "%v", err)
		})
	}
}
