package app

import (
	"cmp"
	"context"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"log/slog"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/mod/sumdb/note"

	"caseledger/events"
	"caseledger/events/jetstream"
	"caseledger/events/natsserver"
	"caseledger/events/seal"
	"caseledger/projections"
	"caseledger/projections/retention"
	"caseledger/replay"
	"caseledger/replay/archive"
)

// What lies in a data directory. All of it is readable by its owner only.
const (
	streamDir   = "stream"          // the embedded server's files: the records
	masterFile  = "master.key"      // wraps the persons' keys; better kept elsewhere, see Place.MasterKey
	keysFile    = "keys.db"         // the persons' keys
	signingFile = "signing.key"     // signs checkpoints
	viewsFile   = "views.db"        // can be thrown away and built again
	socketFile  = "caseledger.sock" // of serve
	tokenFile   = "nats.token"      // of serve: lets others on this machine read the stream
	archiveDir  = "archive"         // the records a second time; better kept on another disk, see Place.Archive
	promiseFile = "checkpoint"      // a copy of the last signed checkpoint
)

// A Place says where a ledger is. Only Dir is required.
type Place struct {
	Dir       string // holds keys and views, and the records unless URL is given
	MasterKey string // file; default: in Dir
	Archive   string // directory of the second copy; default: in Dir
	URL       string // of an existing NATS server or cluster that holds the records
	CredsFile string // NATS credentials for URL
	TokenFile string // or a file with a token for URL
	Replicas  int    // of the stream on URL; 0: 1 at init, any number later
}

func (p Place) path(name string) string { return filepath.Join(p.Dir, name) }

func (p Place) masterKey() string { return cmp.Or(p.MasterKey, p.path(masterFile)) }

// Socket is where serve listens for other commands.
func (p Place) Socket() string { return p.path(socketFile) }

// A NoLedgerError reports a directory that holds no ledger.
type NoLedgerError struct {
	Dir     string
	Reason  string
	Remains bool // other parts of a ledger are there
}

func (e *NoLedgerError) Error() string { return fmt.Sprintf("open ledger %s: %s", e.Dir, e.Reason) }

// InitOptions say what ledger is made.
type InitOptions struct {
	Name           string // default "caseledger"; it stands in every record
	SimulatedClock bool   // for samples, worked examples and benchmarks only
	Actor          string
	Now            time.Time
}

var nameForm = regexp.MustCompile(`^[a-z0-9][a-z0-9.-]{0,62}$`)

// Init makes a ledger in a directory that is new or empty, and its first record
// as the last step. When it fails, what it made is taken away again; when it is
// killed, the next one does that.
func Init(ctx context.Context, p Place, o InitOptions) (err error) {
	o.Name = cmp.Or(o.Name, "caseledger")
	if !nameForm.MatchString(o.Name) {
		return &InputError{Field: "name", Problem: fmt.Sprintf("%q must be 1 to 63 of a-z, 0-9, dots and hyphens", o.Name)}
	}
	m, err := begin(p.Dir, "init")
	if err != nil {
		return err
	}
	defer func() { err = m.end(err) }()
	if p.MasterKey == "" {
		if err := seal.CreateMaster(p.masterKey()); err != nil {
			return err
		}
	}
	if err := seal.Create(p.path(keysFile), p.masterKey()); err != nil {
		return err
	}
	verifier, err := makeSigningKey(p.path(signingFile), o.Name)
	if err != nil {
		return err
	}
	s, err := connect(p, natsserver.Config{})
	if err != nil {
		return err
	}
	defer s.close()
	access := s.config
	access.Stream = jetstream.Access
	if err := errors.Join(jetstream.Create(ctx, s.config), jetstream.Create(ctx, access)); err != nil {
		return err
	}
	log, err := jetstream.Open(ctx, s.config)
	if err != nil {
		return err
	}
	defer log.Close()
	return WriteGenesis(ctx, log, events.LedgerCreated{
		Name: o.Name, VerifierKey: verifier, SimulatedClock: o.SimulatedClock, TimeZone: TimeZone,
	}, events.InstantOf(o.Now), o.Actor)
}

// makeSigningKey writes a new private key to path and returns the public one.
func makeSigningKey(path, name string) (verifier string, err error) {
	private, verifier, err := note.GenerateKey(rand.Reader, name)
	if err != nil {
		return "", fmt.Errorf("make the signing key: %w", err)
	}
	if err := writePrivate(path, private+"\n"); err != nil {
		return "", fmt.Errorf("make the signing key: %w", err)
	}
	return verifier, nil
}

// writePrivate writes a new file that only its owner can read, durably.
func writePrivate(path, text string) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteString(text)
	return errors.Join(err, f.Sync(), f.Close())
}

// stores is the way to the stream: an embedded server, or one elsewhere.
type stores struct {
	config jetstream.Config
	server *natsserver.Server // nil when it is elsewhere
}

func connect(p Place, c natsserver.Config) (*stores, error) {
	if p.URL == "" {
		c.StoreDir = p.path(streamDir)
		server, err := natsserver.Start(c)
		if err != nil {
			return nil, err
		}
		return &stores{jetstream.Config{Server: server}, server}, nil
	}
	config := jetstream.Config{URL: p.URL, CredsFile: p.CredsFile, Replicas: p.Replicas}
	if p.TokenFile != "" {
		token, err := os.ReadFile(p.TokenFile)
		if err != nil {
			return nil, fmt.Errorf("read the token: %w", err)
		}
		config.Token = strings.TrimSpace(string(token))
	}
	return &stores{config: config}, nil
}

func (s *stores) close() {
	if s.server != nil {
		s.server.Shutdown()
	}
}

// A Ledger is an open ledger: its App, its log, its views and its keys.
type Ledger struct {
	*App
	Place Place
	Log   events.Log
	Views *projections.Views

	keys   *seal.Keyring // nil without a key; see keyring
	noKeys error         // why keys is nil
	stores *stores
	unlock func() error
	proof  proving

	looksMu sync.Mutex
	looks   events.Log // nil until it is first asked for
}

// OpenOptions say how a ledger is opened.
type OpenOptions struct {
	Catalogue *Catalogue
	Views     []projections.View
	Now       func() time.Time
	Listener  *natsserver.Listener // for serve; only without Place.URL
	Logger    *slog.Logger         // takes the embedded server's warnings; nil: they are dropped
	Progress  func(projections.Progress)
	// Mended is told why views that were found damaged in use were built again; nil:
	// nobody is.
	Mended func(*projections.DoubtError)
	// Unsynced does not sync what is written: for samples that can be made
	// again, never for a ledger that somebody relies on.
	Unsynced bool
	// NoKeys opens no key at all, whether there are any or not: reports need none,
	// and a federal reporter's process has none (R31).
	NoKeys bool
	// IgnoreArchive opens a ledger whose archive is damaged: to write it again.
	IgnoreArchive bool
}

// Open opens a ledger and passes its boot gate: the directory is not held by
// another process ([*natsserver.LockedError]), the server is well, the stream is
// there, configured as it must be, and not behind the views or the archive. Nothing
// is created.
func Open(ctx context.Context, p Place, o OpenOptions) (_ *Ledger, err error) {
	if err := checkPlace(p); err != nil {
		return nil, err
	}
	l := &Ledger{Place: p}
	defer func() {
		if err != nil {
			err = errors.Join(err, l.Close())
		}
	}()
	if l.unlock, err = natsserver.LockDir(p.Dir); err != nil {
		return nil, err
	}
	if l.Views, err = projections.Open(p.path(viewsFile), o.Views, projections.Options{Unsynced: o.Unsynced}); err != nil {
		return nil, err
	}
	if l.stores, err = connect(p, natsserver.Config{Listen: o.Listener, Logger: o.Logger, Unsynced: o.Unsynced}); err != nil {
		return nil, err
	}
	config := l.stores.config
	if config.Floor, err = l.floor(); err != nil {
		return nil, err
	}
	log, err := jetstream.Open(ctx, config)
	if err != nil {
		return nil, err
	}
	l.Log = log
	if !o.IgnoreArchive {
		if err := l.agreesWithArchive(ctx); err != nil {
			return nil, err
		}
	}
	if err := l.openKeys(o.NoKeys); err != nil {
		return nil, err
	}
	l.App, err = New(ctx, Config{
		Log: l.Log, Catalogue: o.Catalogue, Keys: l, Custody: l, Access: l.openLooks, Index: &viewsIndex{views: l.Views, records: l.Records, progress: o.Progress, mended: o.Mended},
		Now: o.Now, Shared: p.URL != "", Drafter: NewDrafter(l.Views, l.Log),
	})
	if err != nil {
		return nil, err
	}
	if _, err = l.CatchUp(ctx); err != nil {
		return nil, err
	}
	if !slices.Contains(o.Views, projections.View(retention.View{})) {
		return l, nil
	}
	var doubt *projections.DoubtError
	if err = l.destroyOrdered(); errors.As(err, &doubt) {
		err = errors.Join(l.Views.Rebuild(ctx, l.Records(nil), o.Progress), l.destroyOrdered())
	}
	return l, err
}

// ErrNoKeys reports a process that was started without keys.
var ErrNoKeys = errors.New("this process was started without any key: nothing can be sealed or unsealed in it")

// openKeys opens the keys, if there are any: without them everything goes on that needs none.
func (l *Ledger) openKeys(none bool) (err error) {
	if none {
		l.noKeys = ErrNoKeys
		return nil
	}
	l.keys, err = seal.Open(l.Place.path(keysFile), l.Place.masterKey())
	if errors.Is(err, fs.ErrNotExist) {
		l.noKeys = err
		return nil
	}
	if err != nil {
		return err
	}
	l.keys.BeforeFirst(l.neverSealed)
	return nil
}

func checkPlace(p Place) error {
	if err := checkFinished(p.Dir); err != nil {
		return err
	}
	var need []string
	if p.URL == "" {
		need = append(need, streamDir)
	}
	switch info, err := os.Stat(p.Dir); {
	case errors.Is(err, fs.ErrNotExist):
		return &NoLedgerError{Dir: p.Dir, Reason: "there is no such directory"}
	case err != nil:
		return fmt.Errorf("open ledger: %w", err)
	case !info.IsDir():
		return &NoLedgerError{Dir: p.Dir, Reason: "it is not a directory"}
	}
	for _, name := range need {
		switch _, err := os.Stat(p.path(name)); {
		case errors.Is(err, fs.ErrNotExist):
			return p.incomplete(name)
		case err != nil:
			return fmt.Errorf("open ledger: %w", err)
		}
	}
	return nil
}

// incomplete says that a part is missing: of a ledger, or because there is none.
func (p Place) incomplete(part string) error {
	for _, other := range []string{keysFile, streamDir, signingFile, viewsFile} {
		if _, err := os.Stat(p.path(other)); err == nil {
			return &NoLedgerError{p.Dir, part + " is missing, and " + other + " is there", true}
		}
	}
	return &NoLedgerError{Dir: p.Dir, Reason: "there is no ledger here: " + part + " is missing"}
}

// floor is what the views know: the log must hold it. Views in doubt, which will
// be built again, demand nothing.
func (l *Ledger) floor() (jetstream.Floor, error) {
	if l.Views.Doubt() != nil {
		return jetstream.Floor{}, nil
	}
	position, err := l.Views.Position()
	if err != nil {
		return jetstream.Floor{}, err
	}
	return jetstream.Floor{Sequence: position.Sequence, Hash: position.Hash}, nil
}

// CatchUp brings the views up to the log's head.
func (l *Ledger) CatchUp(ctx context.Context) (position uint64, err error) {
	return l.index.CatchUp(ctx)
}

// Records returns the log as views are built from it: from the archive as far as that
// goes, if there is one. An archive that turns out damaged is told, and passed over;
// damaged may be nil.
func (l *Ledger) Records(damaged func(error)) projections.Source {
	if a := l.proof.archive.Load(); a != nil {
		return replay.Archived(a, l.Log, damaged)
	}
	return l.Log
}

// URL is where the stream can be reached, without any token; empty when only
// this process can.
func (l *Ledger) URL() string {
	if l.stores.server == nil {
		return l.Place.URL
	}
	return l.stores.server.URL()
}

// Stream says how the ledger's stream is reached, for measurements beside it.
func (l *Ledger) Stream() jetstream.Config { return l.stores.config }

// Close closes everything, in the reverse order of [Open].
func (l *Ledger) Close() error {
	var faults []error
	for _, a := range []*archive.Archive{l.proof.archive.Load(), l.proof.looks} {
		if a != nil {
			a.Close()
		}
	}
	if l.keys != nil {
		faults = append(faults, l.keys.Close())
	}
	if l.looks != nil {
		faults = append(faults, l.looks.Close())
	}
	if l.Log != nil {
		faults = append(faults, l.Log.Close())
	}
	if l.stores != nil {
		l.stores.close()
	}
	if l.Views != nil {
		faults = append(faults, l.Views.Close())
	}
	if l.unlock != nil {
		faults = append(faults, l.unlock())
	}
	return errors.Join(faults...)
}

// viewsIndex is the views as an [Index]. Views that turn out damaged are built again:
// who somebody is and what was recorded before must be known to do anything.
type viewsIndex struct {
	views    *projections.Views
	records  func(damaged func(error)) projections.Source
	progress func(projections.Progress)
	mended   func(*projections.DoubtError) // may be nil
	mending  sync.Mutex
}

func (v *viewsIndex) Command(ctx context.Context, id string) (sequence uint64, err error) {
	err = v.ask(ctx, func() error { sequence, err = v.views.Command(id); return err })
	return sequence, err
}

func (v *viewsIndex) History(ctx context.Context, subject events.Subject) (messages []events.Message, err error) {
	err = v.ask(ctx, func() error {
		return v.views.Read(func(s *projections.Snapshot) (err error) {
			messages, err = s.Messages(subject)
			return err
		})
	})
	return messages, err
}

// ask asks again when the views were built again.
func (v *viewsIndex) ask(ctx context.Context, question func() error) error {
	err := question()
	var doubt *projections.DoubtError
	if !errors.As(err, &doubt) {
		return err
	}
	v.mending.Lock()
	defer v.mending.Unlock()
	if err = question(); !errors.As(err, &doubt) {
		return err // somebody else was first
	}
	if err := v.views.Rebuild(ctx, v.records(nil), v.progress); err != nil {
		return errors.Join(doubt, err)
	}
	if v.mended != nil {
		v.mended(doubt)
	}
	return question()
}

func (v *viewsIndex) CatchUp(ctx context.Context) (uint64, error) {
	if err := v.views.CatchUp(ctx, v.records(nil), v.progress); err != nil {
		return 0, err
	}
	position, err := v.views.Position()
	return position.Sequence, err
}

// Token is the file with the token that lets others read the stream of serve.
func (p Place) Token() string { return p.path(tokenFile) }

// WriteToken writes the token of serve, in the place of one that a killed serve
// left; an empty token only takes that away.
func WriteToken(p Place, token string) error {
	if err := os.Remove(p.Token()); err != nil && !errors.Is(err, fs.ErrNotExist) {
		return fmt.Errorf("write the token: %w", err)
	}
	if token == "" {
		return nil
	}
	if err := writePrivate(p.Token(), token+"\n"); err != nil {
		return fmt.Errorf("write the token: %w", err)
	}
	return nil
}

// PrepareKeys makes the keys of all persons that commands are about in one write
// to the disk, instead of one for each person's first.
func (l *Ledger) PrepareKeys(requests []Request) error {
	subjects := make([]events.Subject, 0, len(requests))
	for _, r := range requests {
		// A command without a target is refused when it is executed.
		if subject, err := r.Command.Target(r.ID); err == nil {
			subjects = append(subjects, subject)
		}
	}
	keys, err := l.keyring()
	if err != nil {
		return err
	}
	return keys.Prepare(subjects...)
}

// Beside returns the path of a temporary file in the data directory.
func (p Place) Beside(name string) string { return p.path(name) }
