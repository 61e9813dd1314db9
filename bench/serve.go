package main

import (
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"path/filepath"

	"resolute/bench/bare"
	"resolute/bench/kit"
)

// serveIntake serves resolute's API over a data folder whose engine rests.
func serveIntake(ctx context.Context, j job, say func(said)) error {
	r, err := kit.Open(ctx, j.Folder, kit.Watch{})
	if err != nil {
		return err
	}
	handler, bearer, err := kit.API(ctx, r, j.Folder)
	if err != nil {
		return errors.Join(err, r.Close())
	}
	return errors.Join(serve(ctx, handler, bearer, say), r.Close())
}

// serveBare serves a handler that stores bodies.
func serveBare(ctx context.Context, j job, say func(said)) error {
	log, err := bare.Open(filepath.Join(j.Folder, "bare.db"))
	if err != nil {
		return err
	}
	handler := http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil {
			err = log.Append(body)
		}
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		w.WriteHeader(http.StatusAccepted)
	})
	return errors.Join(serve(ctx, handler, "", say), log.Close())
}

// serve says where it listens and serves until the job is over.
func serve(ctx context.Context, handler http.Handler, bearer string, say func(said)) error {
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	server := &http.Server{Handler: handler}
	say(said{Addr: listener.Addr().String(), Bearer: bearer})
	context.AfterFunc(ctx, func() { _ = server.Shutdown(context.WithoutCancel(ctx)) }) // Serve tells what went wrong
	if err := server.Serve(listener); !errors.Is(err, http.ErrServerClosed) {
		return err
	}
	return nil
}
