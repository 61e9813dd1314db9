//go:build race

package triage_test

// Under the race detector learning takes thirty times as long.
const raced = true
