package kb

import (
	"errors"

	"resolute/kb/read"
)

// Opening a base.
var (
	// ErrLocked is wrapped when another process holds the base; the message says which.
	ErrLocked = errors.New("the knowledge base is held by another process")
	// ErrDamaged is wrapped when knowledge.db or the word index can't be read, be it by Open or later: the
	// message names the file and what to do.
	ErrDamaged = errors.New("the knowledge base's file is damaged")
)

// Working with an open base.
var (
	// ErrNotFound is wrapped when there is no such document or passage.
	ErrNotFound = errors.New("not in the knowledge base")
	// ErrQuery is wrapped when a query, cursor or address can't be understood.
	ErrQuery = errors.New("can't be asked of the knowledge base")
	// ErrMeaning is wrapped when a search by vectors alone finds none that could answer.
	ErrMeaning = errors.New("the knowledge base has no vectors that answer yet")
	// ErrCorrection is wrapped when a correction can't be kept as it is.
	ErrCorrection = errors.New("not a correction that can be kept")
	// ErrClosed is answered by a base that was closed.
	ErrClosed = errors.New("the knowledge base is closed")
)

// Importing one source. They cost that source only.
var (
	// ErrFormat is wrapped when a source isn't of a format that is understood.
	ErrFormat = read.ErrFormat
	// ErrContent is wrapped when a source's content isn't what its format says.
	ErrContent = read.ErrContent
	// ErrIdentity is wrapped when a source has no usable id or path.
	ErrIdentity = errors.New("no usable id or path")
)

// errIncomplete undoes a transaction that came upon a chunk without a vector.
var errIncomplete = errors.New("a chunk has no vector yet")
