//go:build !race

package learner_test

const raced = false
