package ops

import (
	"context"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"

	"github.com/redis/go-redis/v9"

	"github.com/ycvk/tinybook/examples/tinybook/internal/sms"
)

// Settings are what operators change at run time. All processes on one Redis
// share them.
type Settings struct {
	Threshold float64              // 0: as configured
	Faults    map[string]sms.Fault // by provider; one without is well
}

// Store keeps settings. It is safe for concurrent use.
type Store struct {
	rdb  redis.Cmdable
	sync func(ctx context.Context) error
}

// NewStore returns a store in rdb, which calls sync after every change.
func NewStore(rdb redis.Cmdable, sync func(ctx context.Context) error) *Store {
	return &Store{rdb: rdb, sync: sync}
}

const (
	settingsKey    = "ops:settings"
	thresholdField = "threshold"
	faultPrefix    = "fault:"
)

// Load returns the settings. What can't be read is left out, as if it had never
// been set.
func (s *Store) Load(ctx context.Context) (Settings, error) {
	fields, err := s.rdb.HGetAll(ctx, settingsKey).Result()
	if err != nil {
		return Settings{}, fmt.Errorf("ops: load settings: %w", err)
	}
	all := Settings{Faults: map[string]sms.Fault{}}
	for name, value := range fields {
		provider, isFault := strings.CutPrefix(name, faultPrefix)
		switch {
		case name == thresholdField:
			ratio, err := strconv.ParseFloat(value, 64)
			if err == nil {
				all.Threshold = ratio
			}
		case isFault:
			var f sms.Fault
			if json.Unmarshal([]byte(value), &f) == nil && f.Validate() == nil {
				all.Faults[provider] = f
			}
		}
	}
	return all, nil
}

// SetThreshold keeps the share of failures from which on a provider is broken.
func (s *Store) SetThreshold(ctx context.Context, ratio float64) error {
	return s.set(ctx, thresholdField, strconv.FormatFloat(ratio, 'g', -1, 64))
}

// SetFault keeps what a provider suffers from.
func (s *Store) SetFault(ctx context.Context, provider string, f sms.Fault) error {
	text, err := json.Marshal(f)
	if err != nil {
		return fmt.Errorf("ops: set fault: %w", err)
	}
	return s.set(ctx, faultPrefix+provider, string(text))
}

func (s *Store) set(ctx context.Context, field, value string) error {
	if err := s.rdb.HSet(ctx, settingsKey, field, value).Err(); err != nil {
		return fmt.Errorf("ops: set %s: %w", field, err)
	}
	if err := s.sync(ctx); err != nil {
		return fmt.Errorf("ops: keep %s: %w", field, err)
	}
	return nil
}
