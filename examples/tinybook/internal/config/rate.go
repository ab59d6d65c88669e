package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"
)

// A Rate is at most N in any stretch of length Per. Its text is N/Per, as in
// 10/1m0s; 10/s is 10/1s. The zero Rate is no limit, and its text is off.
type Rate struct {
	N   int
	Per time.Duration
}

// off is the text of the zero [Rate].
const off = "off"

func (r Rate) String() string {
	if r.Off() {
		return off
	}
	return fmt.Sprintf("%d/%v", r.N, r.Per)
}

// Off reports whether there is no limit.
func (r Rate) Off() bool { return r == Rate{} }

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
	if strings.TrimSpace(text) == off {
		return Rate{}, nil
	}
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
