package config

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"regexp"
	"slices"
	"strings"
)

const (
	envPrefix = "TINYBOOK_"
	// fileEnv names the file in the environment; --config does it too.
	fileEnv = envPrefix + "CONFIG"
)

// otherEnv are variables that begin as settings do and are none.
var otherEnv = []string{fileEnv, envPrefix + "REQUIRE_SERVERS", envPrefix + "SCREENSHOTS"}

// serviceEnv matches what Kubernetes puts into the environment of a pod about
// the services whose names begin with tinybook.
var serviceEnv = regexp.MustCompile(`^TINYBOOK(_\w+)?_(SERVICE_HOST|SERVICE_PORT(_\w+)?|PORT|PORT_\d+_(TCP|UDP|SCTP)(_\w+)?)$`)

// Load returns the configuration of a command line without the program and
// the command, and of an environment as os.Environ returns it, in which an
// empty variable counts as none. It returns flag.ErrHelp if the command line
// asks for help. No error quotes a value that may be a secret.
func Load(args, environ []string) (Config, error) {
	c, err := Parse(args, environ)
	if err != nil {
		return Config{}, err
	}
	return c, c.Validate()
}

// Parse is [Load] for a command that needs only a part of the configuration:
// that the settings are right together isn't checked.
func Parse(args, environ []string) (Config, error) {
	given, file, err := parseFlags(args)
	if err != nil {
		return Config{}, err
	}
	env, err := parseEnv(environ)
	if err != nil {
		return Config{}, err
	}
	if file == "" {
		file = env[fileEnv]
	}
	var text []byte
	if file != "" {
		if text, err = os.ReadFile(file); err != nil {
			return Config{}, readError(file, err)
		}
	}
	// The mode first, wherever it is set: it chooses the defaults under
	// everything else.
	first := Default(Embedded)
	if err := first.apply(text, env, given); err != nil {
		return Config{}, err
	}
	c := Default(first.Mode)
	// Where others come in, an account with a public password is made only on
	// demand.
	c.Demo = c.Demo && !first.RealDB() && onLoopback(first.HTTP.Addr)
	if first.Data != "" {
		c.Code.Store = StoreRedis // which is kept there: a queued code outlives the process
	}
	if err := c.apply(text, env, given); err != nil {
		return Config{}, err
	}
	return c, nil
}

// readError names the file, unless that may be an address with a password.
func readError(file string, err error) error {
	if failed, ok := errors.AsType[*os.PathError](err); ok && (masked(file) != file || strings.Contains(file, "://")) {
		err = fmt.Errorf("%s file: %w", failed.Op, failed.Err)
	}
	return fmt.Errorf("config: %w", err)
}

func (c *Config) apply(file []byte, env, given map[string]string) error {
	if err := c.applyFile(file); err != nil {
		return err
	}
	var errs []error
	for _, s := range settings(c) {
		if value := env[s.env()]; value != "" {
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

// parseEnv returns the variables that belong to this program. One that is no
// setting is an error: it is a misspelled one.
func parseEnv(environ []string) (map[string]string, error) {
	known := slices.Clone(otherEnv)
	var c Config
	for _, s := range settings(&c) {
		known = append(known, s.env())
	}
	env := map[string]string{}
	var errs []error
	for _, pair := range environ {
		name, value, _ := strings.Cut(pair, "=")
		switch {
		case !strings.HasPrefix(name, envPrefix) || value == "":
		case serviceEnv.MatchString(name):
		case !slices.Contains(known, name):
			errs = append(errs, fmt.Errorf("config: %s: no such setting; tinybook config lists them", name))
		default:
			env[name] = value
		}
	}
	return env, errors.Join(errs...)
}

// flags returns the flags. What is given goes into the map.
func flags(given map[string]string) (set *flag.FlagSet, file *string) {
	set = flag.NewFlagSet("tinybook", flag.ContinueOnError)
	set.SetOutput(io.Discard)
	set.Usage = func() {}
	file = set.String("config", "", "YAML `file`; also "+fileEnv)
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
	return set, file
}

// parseFlags returns the flags that were given, and the name of the file.
func parseFlags(args []string) (map[string]string, string, error) {
	given := map[string]string{}
	set, file := flags(given)
	if err := set.Parse(args); errors.Is(err, flag.ErrHelp) {
		return nil, "", err
	} else if err != nil {
		return nil, "", fmt.Errorf("config: %w; tinybook --help lists the flags", err)
	}
	if set.NArg() > 0 {
		return nil, "", fmt.Errorf("config: unexpected argument %s; tinybook --help lists commands and flags", quote(set.Arg(0)))
	}
	return given, *file, nil
}

// PrintFlags writes the flags, one after the other.
func PrintFlags(w io.Writer) error {
	set, _ := flags(nil)
	var text strings.Builder
	set.SetOutput(&text)
	set.PrintDefaults()
	if _, err := io.WriteString(w, text.String()); err != nil {
		return fmt.Errorf("config: print: %w", err)
	}
	return nil
}
