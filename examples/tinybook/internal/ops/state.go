package ops

import (
	"context"
	"time"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
	"github.com/ycvk/tinybook/ratelimit"
	"github.com/ycvk/tinybook/smsfailover"
)

// deadShown is how many dead letters a state shows at most.
const deadShown = 20

// State is what the operators' page shows. What this process alone has done is
// in Sent, in the counts of Providers and in the clients of Kafka; the rest is shared by all processes.
type State struct {
	At        time.Time       `json:"at"`
	CanBreak  bool            `json:"canBreak"`
	Threshold float64         `json:"threshold"`
	Queue     Queue           `json:"queue"`
	Sent      Sent            `json:"sent"`
	Limits    []Limit         `json:"limits"`
	Providers []ProviderState `json:"providers"`
	Dead      []Dead          `json:"dead"`
	Kafka     Kafka           `json:"kafka"`
}

// Queue counts the messages that wait.
type Queue struct {
	Ready         int `json:"ready"`
	Delayed       int `json:"delayed"`
	Leased        int `json:"leased"`
	Dead          int `json:"dead"`
	OldestSeconds int `json:"oldestSeconds"`
}

// Sent counts what became of messages since the process began.
type Sent struct {
	Direct  uint64 `json:"direct"` // while the client waited
	Later   uint64 `json:"later"`  // from the queue
	Queued  uint64 `json:"queued"`
	Retried uint64 `json:"retried"`
	Buried  uint64 `json:"buried"`
	Expired uint64 `json:"expired"`
}

// A Limit is how full a limiter is.
type Limit struct {
	Name string `json:"name"`
	N    int    `json:"n"`
	Per  string `json:"per"`
	Used int    `json:"used"`
}

// ProviderState is how a provider does.
type ProviderState struct {
	Name   string     `json:"name"`
	State  string     `json:"state"` // closed: in use; open: left alone; half-open: being tried
	Rate   float64    `json:"rate"`
	OK     uint64     `json:"ok"`
	Failed uint64     `json:"failed"`
	Health float64    `json:"health"`
	Fault  *sms.Fault `json:"fault,omitempty"`
}

// Dead is a message that was given up. Its number and its text stay secret.
type Dead struct {
	ID       string    `json:"id"`
	TplID    string    `json:"tplId"`
	Attempts int       `json:"attempts"`
	Cause    string    `json:"cause"`
	At       time.Time `json:"at"`
}

// A Gauge peeks into a limiter.
type Gauge struct {
	Name string
	Peek func(ctx context.Context) (ratelimit.Result, error)
}

// Desk puts states together.
type Desk struct {
	Control  *Control
	Failover *smsfailover.Failover
	Store    smsfailover.Store
	Gauges   []Gauge
	CanBreak bool                  // whether faults may be switched on
	Kafka    func() (Kafka, error) // what the clients of Kafka do; nil: there are none
}

// State returns the state as it is now.
func (d *Desk) State(ctx context.Context) (State, error) {
	s := State{At: time.Now().UTC(), CanBreak: d.CanBreak, Limits: []Limit{}, Providers: []ProviderState{}, Dead: []Dead{}, Kafka: noKafka()}
	depth, err := d.Store.Depth(ctx)
	if err != nil {
		return State{}, err
	}
	s.Queue = Queue{Ready: depth.Ready, Delayed: depth.Delayed, Leased: depth.Leased, Dead: depth.Dead}
	if !depth.Oldest.IsZero() {
		s.Queue.OldestSeconds = max(0, int(time.Since(depth.Oldest).Seconds()))
	}
	dead, err := d.Store.Dead(ctx, smsfailover.Filter{Limit: deadShown})
	if err != nil {
		return State{}, err
	}
	for _, job := range dead {
		s.Dead = append(s.Dead, Dead{ID: job.ID, TplID: job.TplID, Attempts: job.Attempt, Cause: job.LastErr, At: job.Due})
	}
	for _, g := range d.Gauges {
		r, err := g.Peek(ctx)
		if err != nil {
			return State{}, err
		}
		s.Limits = append(s.Limits, Limit{Name: g.Name, N: r.Limit.N, Per: r.Limit.Per.String(), Used: r.Limit.N - r.Remaining})
	}
	counts := d.Failover.Stats()
	s.Sent = Sent{
		Direct: counts.Direct, Later: counts.Delivered, Queued: counts.Queued,
		Retried: counts.Retried, Buried: counts.Buried, Expired: counts.Expired,
	}
	for _, p := range d.Control.providers {
		s.addProvider(p, d.CanBreak)
	}
	if d.Kafka != nil {
		s.Kafka, err = d.Kafka()
	}
	return s, err
}

func (s *State) addProvider(p Provider, canBreak bool) {
	m := p.Monitor.Snapshot()
	s.Threshold = m.Threshold
	state := ProviderState{
		Name: p.Name, State: m.State.String(), Rate: m.Rate, OK: m.OK, Failed: m.Failed, Health: m.Health,
	}
	if canBreak && p.Fake != nil {
		f := p.Fake.Fault()
		state.Fault = &f
	}
	s.Providers = append(s.Providers, state)
}
