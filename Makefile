# Everything else is the go command; see CONTRIBUTING.md.

.PHONY: test-ollama
test-ollama:
	.ci/ollama
