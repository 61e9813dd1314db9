package model

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"

	"resolute/agent/casefile"
)

//go:embed prompts/*.md
var builtin embed.FS

// PromptFiles are the files of a bundle's prompts/, one for each use.
func PromptFiles() []string {
	var list []string
	for _, use := range Uses() {
		list = append(list, string(use)+".md")
	}
	return list
}

// Uses are all that a model can be used for.
func Uses() []casefile.ModelUse {
	return []casefile.ModelUse{casefile.UseDrive, casefile.UseOrder, casefile.UseFill, casefile.UseTriage, casefile.UseReply, casefile.UseCustomer}
}

// Prompt is the text that a model is instructed by, with its name and version.
type Prompt struct {
	Source string // such as drive.md@0123456789ab
	Text   string
}

// PromptOf gives the prompt for a use: the bundle's, else the one that is compiled in. Files are those
// of the bundle by name.
func PromptOf(use casefile.ModelUse, files map[string]string, company string) Prompt {
	name := string(use) + ".md"
	text, ok := files[name]
	if !ok {
		b, _ := builtin.ReadFile("prompts/" + name) // it is compiled in
		text = string(b)
	}
	sum := sha256.Sum256([]byte(text))
	return Prompt{Source: name + "@" + hex.EncodeToString(sum[:6]), Text: strings.ReplaceAll(strings.TrimSpace(text), "{{ company }}", company)}
}

// CheckPrompt reports what is wrong with a prompt file of a bundle, nil for nothing.
func CheckPrompt(text string) error {
	if strings.TrimSpace(text) == "" {
		return errors.New("the prompt says nothing; write what the model is to do, or remove the file: then the one that is compiled in counts")
	}
	rest := strings.ReplaceAll(text, "{{ company }}", "")
	if i := strings.Index(rest, "{{"); i >= 0 {
		return fmt.Errorf("%.20q is no part of a prompt; only {{ company }} is filled in, and all else is added behind the prompt", rest[i:])
	}
	return nil
}
