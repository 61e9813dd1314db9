package demo

import (
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"net/http"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"

	"resolute/plugins"
)

// Options are what a Company can be given; the zero value works.
type Options struct {
	Now           func() time.Time // the clock; time.Now if nil
	Log           *slog.Logger     // slog.Default() if nil
	InvoiceDelay  time.Duration    // how long a new invoice takes; 1.5 s if zero
	CallbackPause time.Duration    // see plugins.Options
}

// Company is Fernhill Supply with its data.
type Company struct {
	db      *bbolt.DB
	opts    Options
	plugins []desk
	closing chan struct{} // closed by Close, lets calls go that hang on a fault
}

// desk is one plugin of the company.
type desk struct {
	name   string
	server *plugins.Server
	c      *Company
}

// Open opens the company whose data is in the file at path, and seeds it if it is new. What a
// restart cut off is resumed.
func Open(path string, o Options) (*Company, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.Log == nil {
		o.Log = slog.Default()
	}
	if o.InvoiceDelay == 0 {
		o.InvoiceDelay = 1500 * time.Millisecond
	}
	db, err := bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Second})
	if errors.Is(err, berrors.ErrTimeout) {
		return nil, fmt.Errorf("the demo company's data in %s is in use by another process; stop it, or name another folder", path)
	}
	if err != nil {
		return nil, fmt.Errorf("open the demo company's data in %s: %w", path, err)
	}
	c := &Company{db: db, opts: o, closing: make(chan struct{})}
	if err := c.start(); err != nil {
		_ = c.Close() // the first error is the one that explains
		return nil, fmt.Errorf("start the demo company on %s: %w", path, err)
	}
	return c, nil
}

func (c *Company) start() error {
	if err := c.db.Update(func(tx *bbolt.Tx) error { return seed(tx, c.opts.Now().UTC()) }); err != nil {
		return err
	}
	for name, register := range map[string]func(desk){"shop": registerShop, "billing": registerBilling, "ops": registerOps} {
		store, err := plugins.NewBolt(c.db, name)
		if err != nil {
			return err
		}
		d := desk{name: name, c: c, server: plugins.New(name, plugins.Options{
			Version: "1.0.0", Store: store, Now: c.opts.Now, Log: c.opts.Log, CallbackPause: c.opts.CallbackPause,
		})}
		register(d)
		c.plugins = append(c.plugins, d)
		if err := d.server.Resume(); err != nil {
			return err
		}
	}
	return nil
}

// Handler serves the plugins, the ledger and the faults.
func (c *Company) Handler() http.Handler {
	mux := http.NewServeMux()
	for _, d := range c.plugins {
		prefix := "/" + d.name
		mux.Handle(prefix+"/", http.StripPrefix(prefix, c.faulty(d.name, d.server.Handler())))
	}
	mux.HandleFunc("GET /ledger", c.serveLedger)
	mux.HandleFunc("GET /faults", c.serveFaults)
	mux.HandleFunc("POST /faults", c.addFault)
	mux.HandleFunc("DELETE /faults", c.clearFaults)
	return mux
}

// Close lets hanging calls go, waits for the background work, and closes the file. Call it once,
// when the HTTP server takes no new requests.
func (c *Company) Close() error {
	close(c.closing)
	for _, d := range c.plugins {
		d.server.Close()
	}
	if err := c.db.Close(); err != nil {
		return fmt.Errorf("close the demo company's data: %w", err)
	}
	return nil
}

func reply(w http.ResponseWriter, status int, body any) {
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body) // a caller that left can't be told
}
