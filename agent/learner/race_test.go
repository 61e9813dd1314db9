//go:build race

package learner_test

// Under the race detector learning takes thirty times as long.
const raced = true
