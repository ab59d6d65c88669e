package main

import (
	"bytes"
	"context"
	_ "embed" // report.lua
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"strconv"
	"time"
)

//go:embed report.lua
var reportLua []byte

// answerWithin is wrk's patience: an answer that takes longer is an error.
const answerWithin = 2 * time.Second

// A report is what wrk says about one run. Times are in microseconds.
type report struct {
	Requests int64   // answers of any status, however late
	Duration int64   // from the first request to the end
	P50, P99 float64 // as wrk measures: from a request to its answer
	Connect  int64
	Read     int64
	Write    int64
	Status   int64 // answers of 400 and above
	Timeout  int64 // answers that took longer than answerWithin
	// Unanswered is how many connections had no answer at all, in a run that is
	// longer than answerWithin: wrk counts what is late only when it comes.
	Unanswered int64
	Own        time.Duration // CPU time of wrk itself
}

// Errors returns how many requests failed.
func (r report) Errors() int64 { return r.lost() + r.Status + r.Timeout }

// Asked returns how many requests were answered or failed.
func (r report) Asked() int64 { return r.Requests + r.lost() }

func (r report) lost() int64 { return r.Connect + r.Read + r.Write + r.Unanswered }

// rate returns answers per second that are no error.
func (r report) rate() float64 {
	if r.Duration == 0 {
		return 0
	}
	return float64(max(r.Requests-r.Status-r.Timeout, 0)) / (float64(r.Duration) / 1e6)
}

// findWrk returns the path of wrk.
func findWrk() (string, error) {
	path, err := exec.LookPath("wrk")
	if err != nil {
		return "", fmt.Errorf("%w; bring it with: go run ./internal/realserver/install wrk", err)
	}
	return path, nil
}

// load asks for url for so long over conns connections.
func load(ctx context.Context, wrk, url string, conns int, length time.Duration) (report, error) {
	script, err := os.CreateTemp("", "tinybook-load-*.lua")
	if err != nil {
		return report{}, fmt.Errorf("wrk: %w", err)
	}
	defer os.Remove(script.Name())
	_, err = script.Write(reportLua)
	if err := errors.Join(err, script.Close()); err != nil {
		return report{}, fmt.Errorf("wrk: %w", err)
	}
	// One thread: the machine has few cores, and the servers need them.
	cmd := exec.CommandContext(ctx, wrk, "-t1", "-c"+strconv.Itoa(conns), fmt.Sprintf("-d%ds", int(length.Seconds())),
		"--timeout", answerWithin.String(), "-s", script.Name(), url)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); ctx.Err() != nil {
		return report{}, context.Cause(ctx)
	} else if err != nil {
		return report{}, fmt.Errorf("wrk: %w: %s%s", err, stdout.Bytes(), stderr.Bytes())
	}
	r, err := parseReport(stdout.Bytes())
	if length > answerWithin {
		r.Unanswered = max(0, int64(conns)-r.Asked())
	}
	r.Own = cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()
	return r, err
}

// parseReport finds the report of report.lua in what wrk printed.
func parseReport(out []byte) (report, error) {
	_, line, found := bytes.Cut(out, []byte("\nreport "))
	if !found {
		return report{}, fmt.Errorf("wrk: no report in what it printed: %q", out)
	}
	line, _, _ = bytes.Cut(line, []byte("\n"))
	var r report
	if err := json.Unmarshal(line, &r); err != nil {
		return report{}, fmt.Errorf("wrk: %w in %q", err, line)
	}
	return r, nil
}
