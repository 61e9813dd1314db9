// Package ollamatest is a small server that speaks Ollama's API from a script, for tests: what its
// model answers, and what goes wrong, is a function of what it was asked.
//
// It speaks as much as is used of it: chat with format and streaming, tags, show, ps, pull, version and
// embed. It counts four bytes as a token, cuts an answer at num_predict and a prompt at num_ctx without
// a word, as Ollama does, and loads the model anew when num_ctx changes.
package ollamatest
