package main

import (
	"path/filepath"

	"resolute/agent/precedent"
	"resolute/embed"
)

// remembering is what closed cases are found with: an index of their own, in none of the knowledge's.
func (a *appliance) remembering(e *embed.Static) precedent.Deps {
	return precedent.Deps{Dir: filepath.Join(a.Data, "cases"), Journal: a.store, Load: a.engine.Load, Embedder: e, Yield: a.liveFirst, Log: a.Log}
}
