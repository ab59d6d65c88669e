package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"time"
)

// get returns the status and the body of an answer.
func get(ctx context.Context, url string) (int, []byte, error) {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return 0, nil, err
	}
	resp, err := http.DefaultClient.Do(req)
	if err != nil {
		return 0, nil, err
	}
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	return resp.StatusCode, body, err
}

// answersWithin is how long the application may take until it has read its ranking.
const answersWithin = 30 * time.Second

// awaitAnswers returns when every target answers with what is wanted, or why one
// doesn't.
func (s *site) awaitAnswers(ctx context.Context, want []place) error {
	deadline := time.Now().Add(answersWithin)
	for {
		err := s.sameAnswers(ctx, want)
		if err == nil || time.Now().After(deadline) {
			return err
		}
		if err := sleep(ctx, pause); err != nil {
			return err
		}
	}
}

// sameAnswers returns an error unless all targets answer, the rankings with the
// wanted places, and with what the public ranking says about them.
func (s *site) sameAnswers(ctx context.Context, want []place) error {
	status, _, err := get(ctx, s.url+ping)
	if err == nil && status != http.StatusOK {
		err = fmt.Errorf("status %d", status)
	}
	errs := []error{named(ping, err)}
	public, err := s.items(ctx, fmt.Sprintf("/articles/rank/%d", places), want)
	errs = append(errs, err)
	for _, target := range []string{local, fromRedis, fromDB, noIndex} {
		items, err := s.items(ctx, target, want)
		if err == nil && !bytes.Equal(items, public) {
			err = named(target, errors.New("other items than in the public ranking"))
		}
		errs = append(errs, err)
	}
	return errors.Join(errs...)
}

// items returns the items of an answer as JSON in one form.
func (s *site) items(ctx context.Context, target string, want []place) ([]byte, error) {
	status, body, err := get(ctx, s.url+target)
	if err != nil {
		return nil, named(target, err)
	}
	if status != http.StatusOK {
		return nil, named(target, fmt.Errorf("status %d: %.200s", status, body))
	}
	items, err := checkItems(body, want)
	return items, named(target, err)
}

// checkItems returns the items of an answer as JSON in one form, and an error
// unless they are the wanted places, with titles.
func checkItems(body []byte, want []place) ([]byte, error) {
	var answer struct {
		Data struct{ Items []map[string]any }
	}
	if err := json.Unmarshal(body, &answer); err != nil {
		return nil, fmt.Errorf("%w in %.200s", err, body)
	}
	form, err := json.Marshal(answer.Data.Items)
	if err != nil {
		return nil, err
	}
	var got []struct {
		place
		Title string
	}
	if err := json.Unmarshal(form, &got); err != nil {
		return nil, fmt.Errorf("items: %w", err)
	}
	if len(got) != len(want) {
		return nil, fmt.Errorf("%d items instead of %d", len(got), len(want))
	}
	for i := range got {
		if got[i].place != want[i] || got[i].Title == "" {
			return nil, fmt.Errorf("place %d is %+v instead of %+v with a title", i+1, got[i], want[i])
		}
	}
	return form, nil
}

func named(target string, err error) error {
	if err != nil {
		return fmt.Errorf("%s: %w", target, err)
	}
	return nil
}
