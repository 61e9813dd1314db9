//go:build race

package sim

// Raced tells whether the race detector is on: a seed takes ten times as long under it.
const Raced = true
