package web

import (
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"github.com/gin-gonic/gin"
	"github.com/prometheus/client_golang/prometheus"
)

// Config says how the engine behaves.
type Config struct {
	Log       *slog.Logger
	Registry  prometheus.Registerer
	Mappers   []Mapper
	Origins   []string      // other origins that may call the API with cookies
	Proxies   []string      // whose X-Forwarded-For is believed
	BodyLimit int64         // bytes of a request's body
	Timeout   time.Duration // of the context of a request
	Secure    bool          // the site is served over TLS
}

// New returns an engine with all middlewares and no routes.
func New(cfg Config) (*gin.Engine, error) {
	protection := http.NewCrossOriginProtection()
	var errs []error
	for _, origin := range cfg.Origins {
		if err := protection.AddTrustedOrigin(origin); err != nil {
			errs = append(errs, fmt.Errorf("web: origin %q: %w", origin, err))
		}
	}
	metrics, err := newMetrics(cfg.Registry)
	if err := errors.Join(append(errs, err)...); err != nil {
		return nil, err
	}
	gin.SetMode(gin.ReleaseMode)
	engine := gin.New()
	engine.HandleMethodNotAllowed = true
	// A redirect would turn an unsafe request into another one, and a path
	// has one spelling.
	engine.RedirectTrailingSlash = false
	if err := engine.SetTrustedProxies(cfg.Proxies); err != nil {
		return nil, fmt.Errorf("web: trusted proxies: %w", err)
	}
	engine.Use(
		requestID,
		access(cfg.Log),
		metrics.observe,
		Errors(cfg.Mappers),
		headers(cfg.Secure),
		bound(cfg.BodyLimit, cfg.Timeout),
		cors(cfg.Origins),
		sameOrigin(protection),
	)
	engine.NoRoute(func(c *gin.Context) {
		Fail(c, &Error{Status: http.StatusNotFound, Key: "not_found"})
	})
	engine.NoMethod(func(c *gin.Context) {
		Fail(c, &Error{Status: http.StatusMethodNotAllowed, Key: "method"})
	})
	return engine, nil
}
