package pages

import "testing"

// largestAssets is how many bytes a browser may load beside a page.
const largestAssets = 150_000

// All that a browser loads beside a page stays small.
func TestAssetsAreSmall(t *testing.T) {
	total := 0
	for _, content := range loadAssets().files {
		total += len(content)
	}
	if total > largestAssets {
		t.Errorf("the assets have %d bytes together, want at most %d", total, largestAssets)
	}
}
