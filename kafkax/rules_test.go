package kafkax_test

import (
	"bytes"
	"errors"
	"flag"
	"io"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/stretchr/testify/require"

	"github.com/ycvk/tinybook/kafkax"
)

// update writes generated files anew; go generate sets it.
var update = flag.Bool("update", false, "write golden files and METRICS.md anew")

// requireGolden compares got with a file that reviewers see change.
func requireGolden(t *testing.T, path string, got []byte) {
	t.Helper()
	if *update {
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, got, 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), string(got), "%s is out of date: run go generate ./kafkax", path)
}

func alertRules(t *testing.T, th kafkax.Thresholds, opts ...kafkax.Option) string {
	t.Helper()
	var b bytes.Buffer
	require.NoError(t, kafkax.WriteAlertRules(&b, th, opts...))
	return b.String()
}

var (
	alertName = regexp.MustCompile(`(?m)^ +- alert: (\w+)$`)
	alertExpr = regexp.MustCompile(`(?m)^ +expr: \|-\n((?: {10}.*\n)+)`)
)

// exprs returns the expressions of a rule file by alert.
func exprs(t *testing.T, rules string) map[string]string {
	t.Helper()
	names, found := alertName.FindAllStringSubmatch(rules, -1), alertExpr.FindAllStringSubmatch(rules, -1)
	require.Equal(t, len(names), len(found))
	out := map[string]string{}
	for i := range names {
		out[names[i][1]] = strings.TrimSuffix(strings.ReplaceAll(found[i][1], strings.Repeat(" ", 10), ""), "\n")
	}
	return out
}

func TestAlertRulesAreTheGoldenFile(t *testing.T) {
	requireGolden(t, "testdata/rules.yml", []byte(alertRules(t, kafkax.DefaultThresholds())))
}

func TestAlertRulesNameOnlyWhatTheCatalogHas(t *testing.T) {
	labels := prometheus.Labels{"env": "test", "zone": "a"}
	for _, tc := range []struct {
		name   string
		common []string
		opts   []kafkax.Option
	}{
		{"as it comes", nil, nil},
		{"namespace", nil, []kafkax.Option{kafkax.WithNamespace("shop")}},
		{"constant labels", []string{"env", "zone"}, []kafkax.Option{kafkax.WithConstLabels(labels)}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			v := newVocabulary(tc.common, tc.opts...)
			all := exprs(t, alertRules(t, kafkax.DefaultThresholds(), tc.opts...))
			require.Len(t, all, 17)
			for name, expr := range all {
				named, err := v.check(expr)
				require.NoError(t, err, "%s: %s", name, expr)
				require.NotEmpty(t, named, name)
				for _, label := range tc.common {
					require.Regexp(t, `by \(job, env, zone\b`, expr, "%s loses %s", name, label)
				}
			}
		})
	}
}

func TestAlertRulesNeverInventAZero(t *testing.T) {
	require.NotContains(t, alertRules(t, kafkax.DefaultThresholds()), "vector(")
}

// A zero turns off the alerts of its field, and no others.
func TestZeroThresholdsTurnAlertsOff(t *testing.T) {
	always := []string{"KafkaGroupStalled", "KafkaGroupStopped", "KafkaGroupTruncated"}
	for _, tc := range []struct {
		alert string
		off   func(*kafkax.Thresholds)
	}{
		{"KafkaWriterFailureRatioHigh", func(t *kafkax.Thresholds) { t.FailureRatio = 0 }},
		{"KafkaWriterFailures", func(t *kafkax.Thresholds) { t.Failures = 0 }},
		{"KafkaWriterAttemptErrorRatioHigh", func(t *kafkax.Thresholds) { t.AttemptErrorRatio = 0 }},
		{"KafkaWriterDeliverySlow", func(t *kafkax.Thresholds) { t.DeliveryP99 = 0 }},
		{"KafkaWriterMessageSizeHigh", func(t *kafkax.Thresholds) { t.MessageBytes = 0 }},
		{"KafkaWriterBacklogGrowing", func(t *kafkax.Thresholds) { t.InFlight = 0 }},
		{"KafkaWriterNoSuccess", func(t *kafkax.Thresholds) { t.NoSuccess = 0 }},
		{"KafkaReaderProcessingFailureRatioHigh", func(t *kafkax.Thresholds) { t.ProcessingFailureRatio = 0 }},
		{"KafkaReaderEndToEndSlow", func(t *kafkax.Thresholds) { t.EndToEndP99 = 0 }},
		{"KafkaReaderCommitFailing", func(t *kafkax.Thresholds) { t.CommitFailures = 0 }},
		{"KafkaReaderStuck", func(t *kafkax.Thresholds) { t.Stuck = 0 }},
		{"KafkaGroupLagSecondsHigh", func(t *kafkax.Thresholds) { t.LagAge = 0 }},
		{"KafkaGroupLagMessagesHigh", func(t *kafkax.Thresholds) { t.LagMessages = 0 }},
		{"KafkaGroupLagPollFailing", func(t *kafkax.Thresholds) { t.PollAge = 0 }},
	} {
		t.Run(tc.alert, func(t *testing.T) {
			th := kafkax.DefaultThresholds()
			want := exprs(t, alertRules(t, th))
			require.Contains(t, want, tc.alert)
			tc.off(&th)
			delete(want, tc.alert)
			require.Equal(t, want, exprs(t, alertRules(t, th)))
		})
	}
	bare := exprs(t, alertRules(t, kafkax.Thresholds{Window: time.Minute}))
	require.Len(t, bare, len(always))
	for _, name := range always {
		require.Contains(t, bare, name)
	}
}

func TestBadThresholdsAreNamedTogether(t *testing.T) {
	bad := kafkax.Thresholds{
		FailureRatio: 1, Failures: -1, AttemptErrorRatio: 2, DeliveryP99: -time.Second, MessageBytes: -2, InFlight: -3,
		NoSuccess: time.Microsecond, ProcessingFailureRatio: -0.5, EndToEndP99: -time.Minute,
		CommitFailures: -4, Stuck: -time.Hour, LagAge: 1, LagMessages: -5, PollAge: -1,
		Window: 0, For: -time.Second,
	}
	for name, write := range map[string]func(*bytes.Buffer) error{
		"rules":   func(b *bytes.Buffer) error { return kafkax.WriteAlertRules(b, bad, kafkax.WithNamespace("a b")) },
		"grafana": func(b *bytes.Buffer) error { return kafkax.WriteGrafanaAlerts(b, bad, kafkax.WithNamespace("a b")) },
	} {
		t.Run(name, func(t *testing.T) {
			var b bytes.Buffer
			err := write(&b)
			require.ErrorIs(t, err, kafkax.ErrInput)
			require.Zero(t, b.Len(), "something was written")
			for _, says := range []string{
				"FailureRatio is 1:", "Failures is -1:", "AttemptErrorRatio is 2:", "DeliveryP99 is -1s:", "MessageBytes is -2:",
				"InFlight is -3:", "NoSuccess is 1µs:", "ProcessingFailureRatio is -0.5:", "EndToEndP99 is -1m0s:",
				"CommitFailures is -4:", "Stuck is -1h0m0s:", "LagAge is 1ns:", "LagMessages is -5:",
				"PollAge is -1ns:", "Window is 0s:", "For is -1s:", `WithNamespace("a b")`,
			} {
				require.ErrorContains(t, err, says)
			}
		})
	}
}

var errFull = errors.New("disk full")

type fullDisk struct{}

func (fullDisk) Write([]byte) (int, error) { return 0, errFull }

func TestWritersReturnTheErrorOfWhatTheyWriteTo(t *testing.T) {
	require.ErrorIs(t, kafkax.WriteAlertRules(fullDisk{}, kafkax.DefaultThresholds()), errFull)
	require.ErrorIs(t, kafkax.WriteGrafanaAlerts(fullDisk{}, kafkax.DefaultThresholds()), errFull)
	require.ErrorIs(t, kafkax.WriteDashboard(fullDisk{}), errFull)
}

// halfDisk breaks the contract of an io.Writer.
type halfDisk struct{}

func (halfDisk) Write(b []byte) (int, error) { return len(b) / 2, nil }

func TestWritersNoticeWhatWasNotWritten(t *testing.T) {
	require.ErrorIs(t, kafkax.WriteAlertRules(halfDisk{}, kafkax.DefaultThresholds()), io.ErrShortWrite)
	require.ErrorIs(t, kafkax.WriteGrafanaAlerts(halfDisk{}, kafkax.DefaultThresholds()), io.ErrShortWrite)
	require.ErrorIs(t, kafkax.WriteDashboard(halfDisk{}), io.ErrShortWrite)
}

func TestWritersRefuseToWriteNowhere(t *testing.T) {
	for name, err := range map[string]error{
		"WriteAlertRules":    kafkax.WriteAlertRules(nil, kafkax.Thresholds{}),
		"WriteGrafanaAlerts": kafkax.WriteGrafanaAlerts(nil, kafkax.Thresholds{}),
		"WriteDashboard":     kafkax.WriteDashboard(nil),
	} {
		require.ErrorIs(t, err, kafkax.ErrInput, name)
		require.ErrorContains(t, err, name+": the io.Writer is nil")
	}
}

// Prometheus reads a duration as milliseconds and keeps nanoseconds: it refuses a
// whole file for one that is too long for these.
func TestThresholdsThatPrometheusCannotHoldAreRefused(t *testing.T) {
	const last time.Duration = math.MaxInt64 / 1_000_000 * 1_000_000
	for field, set := range map[string]func(*kafkax.Thresholds, time.Duration){
		"Window": func(t *kafkax.Thresholds, d time.Duration) { t.Window = d },
		"For":    func(t *kafkax.Thresholds, d time.Duration) { t.For = d },
		"Stuck":  func(t *kafkax.Thresholds, d time.Duration) { t.Stuck = d },
	} {
		th := kafkax.DefaultThresholds()
		set(&th, last+1)
		err := kafkax.WriteAlertRules(io.Discard, th)
		require.ErrorIs(t, err, kafkax.ErrInput)
		require.ErrorContains(t, err, "Thresholds."+field+" is 2562047h47m16.854000001s")
		set(&th, last)
		require.Contains(t, alertRules(t, th), "9223372036854ms", field)
	}
}

func TestDurationsAreWrittenAsPrometheusReadsThem(t *testing.T) {
	for _, tc := range []struct {
		d    time.Duration
		want string
	}{
		{5 * time.Minute, "[5m]"},
		{90 * time.Second, "[90s]"},
		{2 * time.Hour, "[2h]"},
		{48 * time.Hour, "[2d]"},
		{1500 * time.Millisecond, "[1500ms]"},
		{1500 * time.Microsecond, "[2ms]"},
	} {
		th := kafkax.DefaultThresholds()
		th.Window = tc.d
		require.Contains(t, alertRules(t, th), tc.want, "%v", tc.d)
	}
}

// Prometheus knows no time shorter than a millisecond: what is rounded is rounded
// up, and by less than that.
func TestWindowsAreNeverShorterThanAsked(t *testing.T) {
	seed := rand.Uint64()
	t.Logf("seed %d", seed)
	rng := rand.New(rand.NewPCG(seed, 0))
	window := regexp.MustCompile(`offset (\w+)\)`)
	for range 300 {
		th := kafkax.DefaultThresholds()
		unit := []time.Duration{1, time.Microsecond, time.Millisecond, time.Second, time.Minute}[rng.IntN(5)]
		th.Window = time.Millisecond + time.Duration(rng.Int64N(1000))*unit
		found := window.FindStringSubmatch(alertRules(t, th))
		require.NotNil(t, found)
		got, err := time.ParseDuration(found[1])
		require.NoError(t, err)
		require.GreaterOrEqual(t, got, th.Window)
		require.Less(t, got-th.Window, time.Millisecond)
	}
}
