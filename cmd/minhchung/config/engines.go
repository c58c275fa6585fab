package config

import (
	"context"
	"fmt"
	"net/http"
	"strings"

	"minhchung/evidence/object"
)

// Engine is a server that an open session depends on.
type Engine struct {
	Name   string // "database", "replica", "documents" or "search"
	Needed bool   // nothing of worth works without it
	// Ping asks once whether the server does its work.
	Ping func(ctx context.Context) error
}

// Engines lists the servers of a session. What is in the data directory is
// none: it is there as long as this process.
func (s *Session) Engines() []Engine {
	var all []Engine
	if p, ok := s.Store.(object.Pinger); ok {
		all = append(all, Engine{"database", true, p.Ping})
	}
	if p, ok := s.Store.(replicated); ok && len(s.Config.SQL.Postgres.Standbys) > 0 {
		all = append(all, Engine{"replica", true, p.PingReplicas})
	}
	if p, ok := s.Objects.(object.Pinger); ok {
		all = append(all, Engine{"documents", true, p.Ping})
	}
	if s.Config.Search.Engine == engineMeili {
		all = append(all, Engine{"search", false, s.Config.Search.Meili.ping})
	}
	return all
}

// replicated is a store whose commits may have to wait for replicas.
type replicated interface {
	PingReplicas(ctx context.Context) error
}

// ping asks Meilisearch's own health page, which needs no key.
func (m Meili) ping(ctx context.Context) error {
	request, err := http.NewRequestWithContext(ctx, http.MethodGet, strings.TrimRight(m.URL, "/")+"/health", nil)
	if err != nil {
		return err
	}
	answer, err := http.DefaultClient.Do(request)
	if err != nil {
		return err
	}
	defer answer.Body.Close()
	if answer.StatusCode != http.StatusOK {
		return fmt.Errorf("the search server says %s", answer.Status)
	}
	return nil
}
