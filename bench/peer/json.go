package peer

import (
	"encoding/json"
	"net/http"
)

// getJSON decodes what a URL answers.
func getJSON(url string, into any) error {
	res, err := http.Get(url)
	if err != nil {
		return err
	}
	defer func() { _ = res.Body.Close() }() // it was read
	return json.NewDecoder(res.Body).Decode(into)
}
