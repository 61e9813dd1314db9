package read

import "strings"

// textBlocks reads plain text: its paragraphs are what empty lines separate.
func textBlocks(text []byte) []Block {
	var blocks []Block
	var paragraph []string
	flush := func() {
		if len(paragraph) > 0 {
			blocks = append(blocks, Block{Kind: Prose, Text: strings.Join(paragraph, "\n")})
			paragraph = nil
		}
	}
	for line := range strings.Lines(string(text)) {
		if line = strings.TrimRight(line, " \t\n\f\v"); line == "" {
			flush()
			continue
		}
		paragraph = append(paragraph, line)
	}
	flush()
	return blocks
}
