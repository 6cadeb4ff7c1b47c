package natsserver

import (
	"fmt"
	"log/slog"
	"sync"
)

// logger passes the server's warnings and errors on, if there is someone to pass
// them to, and keeps why the server could not start.
type logger struct {
	to *slog.Logger // may be nil

	mu    sync.Mutex
	fatal error // first fatal message
}

// failed returns why the server cannot start, nil as far as it has said.
func (l *logger) failed() error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.fatal
}

// Fatalf is called for what keeps the server from starting; with a server that
// is embedded it does not end the process.
func (l *logger) Fatalf(format string, v ...any) {
	l.Errorf(format, v...)
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.fatal == nil {
		l.fatal = fmt.Errorf(format, v...)
	}
}

// Noticef is the server's chatter about starting and stopping.
func (l *logger) Noticef(format string, v ...any) {
	if l.to != nil {
		l.to.Debug(fmt.Sprintf(format, v...))
	}
}

// Warnf passes a warning on.
func (l *logger) Warnf(format string, v ...any) {
	if l.to != nil {
		l.to.Warn(fmt.Sprintf(format, v...))
	}
}

// Errorf passes an error on.
func (l *logger) Errorf(format string, v ...any) {
	if l.to != nil {
		l.to.Error(fmt.Sprintf(format, v...))
	}
}

// Debugf is switched off.
func (l *logger) Debugf(string, ...any) {}

// Tracef is switched off.
func (l *logger) Tracef(string, ...any) {}
