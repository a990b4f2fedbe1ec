// Package config reads settings from the environment: once, at start, with every mistake told at once.
//
// A variable that is empty counts as not set, as OpenTelemetry and the AWS SDKs have it. Unknown variables are nobody's business.
package config

import (
	"fmt"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// A Mistake is one variable that cannot be used.
type Mistake struct {
	Variable string // name of the environment variable
	Problem  string // what is wrong with its value
	Expected string // what would be right
}

// Mistakes are all of them: the error of an environment that cannot be used.
type Mistakes []Mistake

// Error names every variable on a line of its own.
func (m Mistakes) Error() string {
	var out strings.Builder
	fmt.Fprintf(&out, "settings that cannot be used: %d", len(m))
	for _, mistake := range m {
		fmt.Fprintf(&out, "\n  %s: %s; expected %s", mistake.Variable, mistake.Problem, mistake.Expected)
	}
	return out.String()
}

// Env reads variables and collects what is wrong with them. After a mistake it answers the default, so that reading goes on.
type Env struct {
	lookup   func(string) string
	mistakes Mistakes
}

// New reads through lookup: os.Getenv in a process, a map in a test.
func New(lookup func(string) string) *Env {
	return &Env{lookup: lookup}
}

// Err is nil, or all the Mistakes.
func (e *Env) Err() error {
	if len(e.mistakes) == 0 {
		return nil
	}
	return e.mistakes
}

// Reject notes that a variable cannot be used. The problem must not hold the value where that may be a secret.
func (e *Env) Reject(variable, problem, expected string) {
	e.mistakes = append(e.mistakes, Mistake{variable, problem, expected})
}

// Text is the value, without surrounding space, or the fallback.
func (e *Env) Text(variable, fallback string) string {
	if text := strings.TrimSpace(e.lookup(variable)); text != "" {
		return text
	}
	return fallback
}

// Int is a whole number from low to high.
func (e *Env) Int(variable string, fallback, low, high int) int {
	text := e.Text(variable, "")
	if text == "" {
		return fallback
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < low || n > high {
		e.Reject(variable, Quote(text)+" is not usable", fmt.Sprintf("a whole number from %d to %d", low, high))
		return fallback
	}
	return n
}

// Seconds is a whole number of seconds from low to high.
func (e *Env) Seconds(variable string, fallback, low, high int) time.Duration {
	return time.Duration(e.Int(variable, fallback, low, high)) * time.Second
}

// Milliseconds is a whole number of milliseconds from low to high.
func (e *Env) Milliseconds(variable string, fallback, low, high int) time.Duration {
	return time.Duration(e.Int(variable, fallback, low, high)) * time.Millisecond
}

// Choice is one of a few words.
func (e *Env) Choice(variable, fallback string, words ...string) string {
	text := e.Text(variable, fallback)
	if !slices.Contains(words, text) {
		e.Reject(variable, Quote(text)+" is unknown", "one of "+strings.Join(words, ", "))
		return fallback
	}
	return text
}

// Choices is a comma-separated list of a few words.
func (e *Env) Choices(variable string, fallback []string, words ...string) []string {
	text := e.Text(variable, "")
	if text == "" {
		return fallback
	}
	var chosen []string
	for word := range strings.SplitSeq(text, ",") {
		word = strings.TrimSpace(word)
		if !slices.Contains(words, word) {
			e.Reject(variable, Quote(word)+" is unknown", "a comma-separated list of "+strings.Join(words, ", "))
			return fallback
		}
		chosen = append(chosen, word)
	}
	return chosen
}

// Bool is true or false in any case of letters, and false where it is not set, as OpenTelemetry has it.
func (e *Env) Bool(variable string) bool {
	switch text := strings.ToLower(e.Text(variable, "false")); text {
	case "true":
		return true
	case "false":
	default:
		e.Reject(variable, Quote(text)+" is unknown", "true or false")
	}
	return false
}

// URL is an http or https address, or empty. It carries no credentials: those are secrets, and secrets are files.
func (e *Env) URL(variable string) string {
	text := e.Text(variable, "")
	if text == "" {
		return ""
	}
	const expected = "an address such as http://collector:4317, without user or password"
	address, err := url.Parse(text)
	switch {
	case err != nil, address.Host == "", address.Scheme != "http" && address.Scheme != "https":
		e.Reject(variable, "is not an address", expected)
		return ""
	case address.User != nil:
		e.Reject(variable, "holds a user or password", expected)
		return ""
	}
	return text
}

// Quote shows the start of a value, enough to recognise it: a whole one may be a pasted secret.
func Quote(text string) string {
	const most = 24
	if len(text) > most {
		return strconv.Quote(text[:most]) + "…"
	}
	return strconv.Quote(text)
}
