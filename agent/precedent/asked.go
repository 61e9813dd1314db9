package precedent

import (
	"sync"
	"time"

	"resolute/kb"
)

// asked is an open index, with those who ask it at the moment.
type asked struct {
	*kb.Base
	users sync.WaitGroup
}

// ask gives the index to who calls users.Done in the end, nil where none is open.
func (k *Keeper) ask() *asked {
	k.mu.RLock()
	defer k.mu.RUnlock()
	if k.base != nil {
		k.base.users.Add(1)
	}
	return k.base
}

// closing is how long closing an index may take: one whose pages make no sense may never let go.
const closing = 30 * time.Second

// close closes the index once nobody asks it any more, and reports whether that was possible.
func (k *Keeper) close(base *asked) bool {
	k.mu.Lock()
	k.base = nil
	k.mu.Unlock()
	closed := make(chan error, 1)
	go func() {
		base.users.Wait()
		closed <- base.Close()
	}()
	late := time.NewTimer(closing)
	defer late.Stop()
	select {
	case err := <-closed:
		if err != nil {
			k.Log.Warn("the index of closed cases was not closed well", "error", err)
		}
		return true
	case <-late.C:
		k.Log.Error("the index of closed cases can't be closed; they can't be searched until the server starts again")
		return false
	}
}
