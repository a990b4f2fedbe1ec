// Package chassis is the microservice chassis of myHealth's Go services: what each of them needs and none should write again. A
// service gives a Service, and its main is one line:
//
//	func main() { os.Exit(chassis.Main(app.Service)) }
//
// The chassis reads the configuration, listens, answers probes, opens what the service needs, serves, observes, drains and ends.
// Exit codes: 0 fine, 2 the command line or the configuration cannot be used, 3 the environment fails, 130 or 143 a second signal.
package chassis

import (
	"context"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"os"
	"os/signal"
	"runtime/debug"
	"strings"
	"syscall"
	"time"

	"git.myhealth.example/platform/chassis/config"
	"git.myhealth.example/platform/chassis/health"
	"git.myhealth.example/platform/chassis/server"
	"git.myhealth.example/platform/chassis/telemetry"
)

// A Service is what the chassis is given.
type Service struct {
	Name     string
	Summary  string // one line
	Settings string // help on its own variables, one a line, indented by two
	Allow    []string
	// Configure reads the service's settings; env collects what is wrong.
	Configure func(env *config.Env) Program
}

// A Program is a configured service.
type Program interface {
	// Migrate applies migrations and answers how many.
	Migrate(context.Context, *telemetry.Telemetry) (int, error)
	// Open connects and migrates, and answers what is to be served. Its error says what of the environment fails.
	Open(context.Context, *telemetry.Telemetry) (Opened, error)
}

// Opened is a service that can be served.
type Opened struct {
	server.Handlers
	Checks []health.Check
	// Background runs beside the server until its context ends.
	Background func(context.Context)
	Close      func() error
}

// Process is what a program is given by its surroundings; a test gives its own.
type Process struct {
	Args        []string // without the program's name
	Environment func(string) string
	Out, Err    io.Writer
	Signals     <-chan os.Signal
	Exit        func(code int) // at once
}

// Main runs a service as this process, and answers the exit code.
func Main(service Service) int {
	signals := make(chan os.Signal, 2)
	signal.Notify(signals, os.Interrupt, syscall.SIGTERM)
	return Run(service, Process{
		Args: os.Args[1:], Environment: os.Getenv, Out: os.Stdout, Err: os.Stderr, Signals: signals, Exit: os.Exit,
	})
}

const (
	exitFine        = 0
	exitUsage       = 2
	exitEnvironment = 3
)

// Version is that of the binary: the module's version, or the commit that it was built from.
func Version() string {
	info, ok := debug.ReadBuildInfo()
	if !ok {
		return "unknown"
	}
	if version := info.Main.Version; version != "" && version != "(devel)" {
		return version
	}
	for _, setting := range info.Settings {
		if setting.Key == "vcs.revision" {
			return setting.Value
		}
	}
	return "unknown"
}

// Run runs a service and answers the exit code.
func Run(service Service, process Process) int {
	command := ""
	if len(process.Args) == 1 {
		command = process.Args[0]
	}
	switch command {
	case "serve", "migrate", "check":
	case "--help", "-h", "help":
		fmt.Fprint(process.Out, help(service))
		return exitFine
	case "--version", "-V":
		fmt.Fprintln(process.Out, service.Name, Version())
		return exitFine
	default:
		fmt.Fprintf(process.Err, "unknown command %q\n\n%s", strings.Join(process.Args, " "), help(service))
		return exitUsage
	}

	env := config.New(process.Environment)
	listening := server.ReadSettings(env)
	observing := telemetry.Options{
		Service: service.Name, Version: Version(), Export: telemetry.ReadExport(env), Allow: service.Allow, Lines: process.Out,
	}
	// The words are those of slog's levels.
	_ = observing.Level.UnmarshalText([]byte(env.Choice("LOG_LEVEL", "info", "error", "warn", "info", "debug")))
	program := service.Configure(env)
	if err := env.Err(); err != nil {
		fmt.Fprintf(process.Err, "%s: %v\n", service.Name, err)
		return exitUsage
	}
	if command == "check" {
		fmt.Fprintf(process.Out, "%s: the configuration can be used\n", service.Name)
		return exitFine
	}

	// What cannot be told by OTLP has been told on standard output.
	observer, err := telemetry.Start(context.Background(), observing)
	if err != nil {
		fmt.Fprintf(process.Err, "%s: telemetry cannot be started: %v\n", service.Name, err)
		return exitEnvironment
	}
	code := exitFine
	if command == "migrate" {
		code = migrate(program, observer)
	} else {
		code = serve(program, process, listening, observer)
	}
	flushing, cancel := context.WithTimeout(context.Background(), 5*time.Second)
	defer cancel()
	if err := observer.Stop(flushing); err != nil {
		fmt.Fprintf(process.Err, "%s: telemetry was lost: %v\n", service.Name, err)
	}
	return code
}

func migrate(program Program, observer *telemetry.Telemetry) int {
	applied, err := program.Migrate(context.Background(), observer)
	if err != nil {
		observer.Logger().Error("migrations were not applied", telemetry.Error(err))
		return exitEnvironment
	}
	observer.Logger().Info("migrations are applied", slog.Int("migrations.applied", applied))
	return exitFine
}

func serve(program Program, process Process, settings server.Settings, observer *telemetry.Telemetry) int {
	log := observer.Logger()
	serving, err := server.Listen(settings, health.New(), observer)
	if err != nil {
		log.Error("the service cannot start", telemetry.Error(err))
		return exitEnvironment
	}
	address := serving.Address()
	log.Info("listening", slog.String("server.address", address.IP.String()), slog.Int("server.port", address.Port))
	if err := serving.WritePortFile(); err != nil {
		log.Error("the service cannot start", telemetry.Error(err))
		return exitEnvironment
	}

	ctx, end := context.WithCancel(context.Background())
	defer end()
	opened, err := open(ctx, end, program, process.Signals, observer)
	if errors.Is(err, errStopped) {
		log.Info("stopped before it had started")
		return exitFine
	}
	if err != nil {
		log.Error("the service cannot start", telemetry.Error(err))
		return exitEnvironment
	}
	defer func() {
		if err := opened.Close(); err != nil {
			log.Warn("the store was not closed well", telemetry.Error(err))
		}
	}()
	serving.Serve(opened.Handlers, opened.Checks)
	log.Info("started")
	background := make(chan struct{})
	go func() {
		defer close(background)
		if opened.Background != nil {
			opened.Background(ctx)
		}
	}()

	code := exitFine
	select {
	case err := <-serving.Failed():
		log.Error("the listener broke", telemetry.Error(err))
		code = exitEnvironment
	case got := <-process.Signals:
		log.Info("draining", slog.String("process.signal", got.String()))
		go exitOnSecond(process)
	}
	if err := serving.Drain(context.Background()); err != nil {
		log.Warn("draining", telemetry.Error(err))
	}
	end()
	<-background
	log.Info("stopped")
	return code
}

var errStopped = errors.New("a signal came before the service had started")

// open opens the program, unless a signal comes first.
func open(ctx context.Context, cancel func(), program Program, signals <-chan os.Signal, observer *telemetry.Telemetry) (Opened, error) {
	type result struct {
		opened Opened
		err    error
	}
	done := make(chan result, 1)
	go func() {
		opened, err := program.Open(ctx, observer)
		done <- result{opened, err}
	}()
	select {
	case result := <-done:
		return result.opened, result.err
	case <-signals:
		cancel()
		if result := <-done; result.err == nil {
			return Opened{}, errors.Join(errStopped, result.opened.Close())
		}
		return Opened{}, errStopped
	}
}

// exitOnSecond ends the process at once, as a shell would tell the signal.
func exitOnSecond(process Process) {
	got := <-process.Signals
	if number, ok := got.(syscall.Signal); ok {
		process.Exit(128 + int(number))
	}
}
