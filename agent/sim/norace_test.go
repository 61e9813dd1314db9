//go:build !race

package sim

// Raced tells whether the race detector is on.
const Raced = false
