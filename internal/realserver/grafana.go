package realserver

import (
	"crypto/sha256"
	_ "embed" // grafana/*
	"fmt"
	"os/exec"
	"slices"
	"testing"
)

// GrafanaPackage and GrafanaLock pin, as npm wants it, Grafana's types of its
// files and the compiler that checks against them.
//
//go:embed grafana/package.json
var GrafanaPackage []byte

// GrafanaLock is package-lock.json; see [GrafanaPackage].
//
//go:embed grafana/package-lock.json
var GrafanaLock []byte

// GrafanaSchemaPath is where the install command puts what [GrafanaPackage] names,
// as [CachePath] wants it.
func GrafanaSchemaPath(elem ...string) []string {
	sum := sha256.Sum256(slices.Concat(GrafanaPackage, GrafanaLock))
	return append([]string{fmt.Sprintf("grafana-schema-%x", sum[:6])}, elem...)
}

// FindGrafanaSchema finds the node_modules with Grafana's types, and what runs
// the compiler that lies in it.
func FindGrafanaSchema() (string, error) {
	if _, err := exec.LookPath("node"); err != nil {
		return "", err
	}
	return InCache(GrafanaSchemaPath("node_modules")...)()
}

// GrafanaSchema returns the path of a node_modules that holds @grafana/schema and
// typescript, or ends the test; see [Missing].
func GrafanaSchema(t testing.TB) string {
	t.Helper()
	return program(t, Spec{Name: "grafana-schema", Find: FindGrafanaSchema})
}
