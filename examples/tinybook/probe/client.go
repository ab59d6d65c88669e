package main

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

type fields map[string]any

// A probe holds what a browser would: where it is, and who it is.
type probe struct {
	client             *http.Client
	node, other, admin string
	token              string
	data               json.RawMessage // of the last answer, as is header
	header             http.Header
	steps              int
}

// answer is the envelope that every JSON answer comes in.
type answer struct {
	Code      int             `json:"code"`
	Msg       string          `json:"msg"`
	Data      json.RawMessage `json:"data"`
	RequestID string          `json:"requestId"`
	Errors    []struct {
		Field string `json:"field"`
		Msg   string `json:"msg"`
	} `json:"errors"`
}

func (p *probe) awaitReady(ctx context.Context, within time.Duration) error {
	ctx, cancel := context.WithTimeoutCause(ctx, within, fmt.Errorf("%s/readyz is not ready within %v", p.admin, within))
	defer cancel()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for {
		if status, _, err := p.do(ctx, "GET", p.admin+"/readyz", nil); err == nil && status == http.StatusOK {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-tick.C:
		}
	}
}

// do sends one request and returns the status and the body.
func (p *probe) do(ctx context.Context, method, url string, body fields) (int, []byte, error) {
	var payload io.Reader
	if body != nil {
		b, err := json.Marshal(body)
		if err != nil {
			return 0, nil, err
		}
		payload = bytes.NewReader(b)
	}
	req, err := http.NewRequestWithContext(ctx, method, url, payload)
	if err != nil {
		return 0, nil, err
	}
	req.Header.Set("Accept-Language", "en")
	req.Header.Set("Content-Type", "application/json")
	if p.token != "" {
		req.Header.Set("Authorization", "Bearer "+p.token)
	}
	resp, err := p.client.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	p.header = resp.Header
	p.token = cmp.Or(resp.Header.Get("X-Jwt-Token"), p.token)
	b, err := io.ReadAll(resp.Body)
	return resp.StatusCode, b, err
}

// call makes one step through the API and prints it.
func (p *probe) call(ctx context.Context, method, path string, body fields, want int) error {
	status, b, err := p.do(ctx, method, p.node+path, body)
	if err != nil {
		return err
	}
	var a answer
	if err := json.Unmarshal(b, &a); err != nil {
		return fmt.Errorf("%s %s: %d with %q: %w", method, path, status, b, err)
	}
	fmt.Printf("%-4s %-28s %d %s\n", method, path, status, a.Msg)
	for _, e := range a.Errors {
		fmt.Printf("%35s %s: %s\n", "", e.Field, e.Msg)
	}
	if status != want || a.Code != want || a.RequestID == "" {
		return fmt.Errorf("%s %s: %s, want %d", method, path, b, want)
	}
	p.data = a.Data
	p.steps++
	return nil
}

func (p *probe) page(ctx context.Context, path string) error {
	status, b, err := p.do(ctx, "GET", p.node+path, nil)
	if err != nil {
		return err
	}
	fmt.Printf("%-4s %-28s %d %d bytes of HTML\n", "GET", path, status, len(b))
	if status != http.StatusOK || !bytes.Contains(b, []byte("<html")) {
		return fmt.Errorf("GET %s: %d, not a page", path, status)
	}
	p.steps++
	return nil
}

// expect checks the data of the last answer.
func (p *probe) expect(want fields) error {
	var got fields
	if err := json.Unmarshal(p.data, &got); err != nil {
		return err
	}
	for name, v := range want {
		if got[name] != v {
			return fmt.Errorf("%s is %q, want %q", name, got[name], v)
		}
		fmt.Printf("%35s %s = %v\n", "", name, v)
	}
	return nil
}

// refusedSoon checks that within a second the other node knows of the sign-out.
func (p *probe) refusedSoon(ctx context.Context) error {
	if p.other == "" {
		return nil
	}
	began := time.Now()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		status, _, err := p.do(ctx, "GET", p.other+"/users/profile", nil)
		if err != nil {
			return err
		}
		waited := time.Since(began)
		if status == http.StatusUnauthorized {
			fmt.Printf("%-4s %-28s %d on the other node\n", "GET", "/users/profile", status)
			break
		}
		if waited > time.Second {
			return fmt.Errorf("the other node still answers %d %v after the sign-out", status, waited)
		}
	}
	p.token = ""
	p.steps++
	return nil
}

// newestCode reads the code out of the answer of /dev/sms.
func (p *probe) newestCode() (string, error) {
	var sent []struct {
		Code string `json:"code"`
	}
	if err := json.Unmarshal(p.data, &sent); err != nil {
		return "", err
	}
	if len(sent) == 0 || sent[0].Code == "" {
		return "", errors.New("/dev/sms shows no code")
	}
	return sent[0].Code, nil
}
