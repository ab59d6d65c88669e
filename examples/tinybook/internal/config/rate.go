package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Rate is at most N in any stretch of length Per. Its text is N/Per, as in
// 10/1m0s; 10/s is 10/1s.
type Rate struct {
	N   int
	Per time.Duration
}

func (r Rate) String() string { return fmt.Sprintf("%d/%v", r.N, r.Per) }

// UnmarshalYAML implements yaml.Unmarshaler. Its error has the form of the
// decoder's own.
func (r *Rate) UnmarshalYAML(node *yaml.Node) error {
	got, err := parseRate(node.Value)
	if err != nil {
		return &yaml.TypeError{Errors: []string{fmt.Sprintf("line %d: cannot unmarshal it into config.Rate", node.Line)}}
	}
	*r = got
	return nil
}

func parseRate(text string) (Rate, error) {
	number, per, _ := strings.Cut(text, "/")
	n, err := strconv.Atoi(strings.TrimSpace(number))
	if err != nil {
		return Rate{}, err
	}
	per = strings.TrimSpace(per)
	if per != "" && (per[0] < '0' || per[0] > '9') {
		per = "1" + per
	}
	d, err := time.ParseDuration(per)
	if err != nil {
		return Rate{}, err
	}
	return Rate{N: n, Per: d}, nil
}
