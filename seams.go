//go:build !failpoint

package main

import (
	"go.etcd.io/bbolt"

	"resolute/agent"
	"resolute/agent/intake"
	"resolute/agent/outbox"
)

// seams are where the parts meet the store and the world. Built with the tag failpoint, the process
// can be told to die at any of them; this one passes everything on as it is.
type seams struct{}

func newSeams(func(name string) (string, bool)) seams { return seams{} }

func (seams) commit() func(*bbolt.Tx) error            { return nil }
func (seams) engineStore(s agent.Store) agent.Store    { return s }
func (seams) tools(t agent.Tools) agent.Tools          { return t }
func (seams) intakeStore(s intake.Store) intake.Store  { return s }
func (seams) findings(r intake.Records) intake.Records { return r }
func (seams) outboxStore(s outbox.Store) outbox.Store  { return s }
func (seams) channel(c outbox.Channel) outbox.Channel  { return c }
