// Package ollama asks the models of an Ollama server: it is the engine's agent.Model.
//
// What the server answers is handed on as it came, and never trusted: a prompt that may not fit isn't
// sent, since the server would cut it without a word, an answer that wasn't said to be done is none,
// and what goes wrong has a code by which the engine knows whether to ask again. Prompts and answers
// are logged nowhere.
package ollama
