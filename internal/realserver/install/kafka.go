package main

import (
	"context"
	"os"
	"path/filepath"

	"github.com/ycvk/tinybook/internal/realserver"
)

// kafka fetches Kafka's libraries and puts the program that runs them beside.
func kafka(ctx context.Context) error {
	return publish(realserver.KafkaPath(), func(tmp, base string) error {
		lib := filepath.Join(base, "lib")
		if err := maven(ctx, tmp, realserver.KafkaPOM, "copy-dependencies", lib); err != nil {
			return err
		}
		bin := filepath.Join(base, "bin")
		if err := os.MkdirAll(bin, 0o755); err != nil {
			return err
		}
		return os.WriteFile(filepath.Join(bin, "kafka"), realserver.KafkaScript, 0o755)
	})
}
