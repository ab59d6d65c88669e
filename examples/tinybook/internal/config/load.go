package config

import (
	"bytes"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"

	"go.yaml.in/yaml/v3"
)

// fileEnv names the file in the environment; --config does it too.
const fileEnv = "TINYBOOK_CONFIG"

// Load returns the configuration of a command line without the program and
// the command. env looks up the environment. Usage and flag errors are written
// to out; asking for help returns flag.ErrHelp.
func Load(args []string, env func(string) (string, bool), out io.Writer) (Config, error) {
	given, file, err := parseFlags(args, out)
	if err != nil {
		return Config{}, err
	}
	if path, ok := env(fileEnv); ok && file == "" {
		file = path
	}
	var text []byte
	if file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return Config{}, fmt.Errorf("config: %w", err)
		}
	}
	// The mode first, wherever it is set: it chooses the defaults under
	// everything else.
	first := Default(Embedded)
	if err := first.apply(text, env, given); err != nil {
		return Config{}, err
	}
	c := Default(first.Mode)
	// A real database gets an account with a public password only on demand.
	c.Demo = c.Demo && !first.RealDB()
	if err := c.apply(text, env, given); err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

func (c *Config) apply(file []byte, env func(string) (string, bool), given map[string]string) error {
	if err := c.applyFile(file); err != nil {
		return err
	}
	var errs []error
	for _, s := range settings(c) {
		if value, ok := env(s.env()); ok {
			if err := s.set(value); err != nil {
				errs = append(errs, fmt.Errorf("config: %s: %w", s.env(), err))
			}
		}
		if value, ok := given[s.flag()]; ok && !s.secret {
			if err := s.set(value); err != nil {
				errs = append(errs, fmt.Errorf("config: --%s: %w", s.flag(), err))
			}
		}
	}
	return errors.Join(errs...)
}

func (c *Config) applyFile(text []byte) error {
	if len(bytes.TrimSpace(text)) == 0 {
		return nil
	}
	decoder := yaml.NewDecoder(bytes.NewReader(text))
	decoder.KnownFields(true) // a misspelled name is an error
	if err := decoder.Decode(c); err != nil && !errors.Is(err, io.EOF) {
		return fmt.Errorf("config: file: %w", err)
	}
	return nil
}

// parseFlags returns the flags that were given, and the name of the file.
func parseFlags(args []string, out io.Writer) (map[string]string, string, error) {
	set := flag.NewFlagSet("tinybook", flag.ContinueOnError)
	set.SetOutput(out)
	file := set.String("config", "", "YAML file; also "+fileEnv)
	given := map[string]string{}
	defaults := Default(Embedded)
	for _, s := range settings(&defaults) {
		if s.secret {
			continue
		}
		keep := func(value string) error {
			given[s.flag()] = value
			return nil
		}
		usage := fmt.Sprintf("%s; also %s (default %s)", s.usage, s.env(), s.text())
		if _, ok := s.target.(*bool); ok {
			set.BoolFunc(s.flag(), usage, keep)
		} else {
			set.Func(s.flag(), usage, keep)
		}
	}
	if err := set.Parse(args); err != nil {
		return nil, "", err
	}
	if set.NArg() > 0 {
		return nil, "", fmt.Errorf("config: unexpected argument %q", set.Arg(0))
	}
	return given, *file, nil
}
