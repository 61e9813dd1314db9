//go:build race

package sim_test

// Under the race detector a seed takes ten times as long.
const raced = true
