package main

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"time"
)

// articles writes, publishes, reads, likes and withdraws, as the user of p.
func (p *probe) articles(ctx context.Context) error {
	if err := p.call(ctx, "POST", "/articles/edit", fields{"title": "A probe"}, 200); err != nil {
		return err
	}
	var draft struct{ ID int64 }
	if err := json.Unmarshal(p.data, &draft); err != nil {
		return err
	}
	id, public := fields{"id": draft.ID}, fmt.Sprint("/articles/pub/", draft.ID)
	like := func(like bool) fields { return fields{"id": draft.ID, "like": like} }
	for _, step := range []struct {
		method, path string
		body         fields
		status       int
		want         fields
	}{
		{"GET", public, nil, 404, nil},
		{"POST", "/articles/publish", id, 422, nil},
		{"POST", "/articles/edit", fields{"id": draft.ID, "content": "It runs.", "version": 1}, 200, fields{"version": 2.}},
		{"POST", "/articles/edit", fields{"id": draft.ID, "content": "It ran.", "version": 1}, 409, fields{"version": 2.}},
		{"POST", "/articles/publish", id, 200, fields{"status": "published"}},
		{"POST", "/articles/like", like(true), 200, fields{"likeCount": 1.}},
		{"POST", "/articles/like", like(true), 200, fields{"likeCount": 1.}},
		{"POST", "/articles/collect", id, 200, fields{"collectCount": 1.}},
		{"GET", public, nil, 200, fields{"content": "It runs.", "likeCount": 1., "liked": true, "collected": true}},
		{"POST", "/articles/like", like(false), 200, fields{"likeCount": 0.}},
		{"GET", "/articles/feed?limit=1", nil, 200, nil},
		{"POST", "/articles/list", nil, 200, nil},
	} {
		if err := p.call(ctx, step.method, step.path, step.body, step.status); err != nil {
			return err
		}
		if step.want == nil {
			continue
		}
		if err := p.expect(step.want); err != nil {
			return err
		}
	}
	if err := p.counted(ctx, public); err != nil {
		return err
	}
	if err := p.call(ctx, "POST", "/articles/withdraw", id, 200); err != nil {
		return err
	}
	return p.call(ctx, "GET", public, nil, 404)
}

// counted waits until the reads of an article are counted.
func (p *probe) counted(ctx context.Context, path string) error {
	const within = 30 * time.Second
	began := time.Now()
	tick := time.NewTicker(100 * time.Millisecond)
	defer tick.Stop()
	for range tick.C {
		status, b, err := p.do(ctx, "GET", p.node+path, nil)
		if err != nil {
			return err
		}
		var a struct{ Data struct{ ReadCount int64 } }
		if err := json.Unmarshal(b, &a); err != nil || status != http.StatusOK {
			return fmt.Errorf("GET %s: %d with %q: %w", path, status, b, err)
		}
		if a.Data.ReadCount > 0 {
			fmt.Printf("%35s counted after %v\n", "", time.Since(began).Round(time.Millisecond))
			p.steps++
			return nil
		}
		if time.Since(began) > within {
			return fmt.Errorf("GET %s: no read is counted after %v", path, within)
		}
	}
	return nil
}
