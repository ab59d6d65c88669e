package app

import (
	"fmt"
	"strings"

	"github.com/ycvk/tinybook/examples/tinybook/internal/config"
)

// banner tells a person what is running and how to try it.
func (a *App) banner(nodes []*node, demoErr error) {
	var b strings.Builder
	fmt.Fprintf(&b, "TinyBook is ready (%s mode; database: %s, Redis: %s, Kafka: %s)\n", a.cfg.Mode,
		either(a.cfg.RealDB(), "MySQL", "SQLite inside"), either(a.cfg.RealRedis(), a.cfg.Redis.Addr, "inside"),
		either(a.cfg.RealKafka(), strings.Join(a.cfg.Kafka.Brokers, ","), "inside"))
	for i, n := range nodes {
		fmt.Fprintf(&b, "  %s      %s   admin %s/metrics\n", n.name, a.nodes[i].URL, a.nodes[i].AdminURL)
	}
	switch {
	case a.cfg.Demo && demoErr != nil:
		fmt.Fprintf(&b, "  demo        could not be created: %v\n", demoErr)
	case a.cfg.Demo:
		fmt.Fprintf(&b, "  demo        %s / %s   phone %s\n", DemoEmail, DemoPassword, DemoPhone)
	}
	if a.cfg.Mode == config.Embedded && onLoopback(nodes[0].listener.Addr()) {
		fmt.Fprintf(&b, "  login code  curl %s/dev/sms\n", a.nodes[0].URL)
	}
	if a.cfg.Data == "" && !a.cfg.RealDB() {
		b.WriteString("  data        deleted at the end; keep it with --data DIR\n")
	}
	_, _ = fmt.Fprint(a.out, b.String()) // Nobody is there to read it.
}

func either(cond bool, yes, no string) string {
	if cond {
		return yes
	}
	return no
}
