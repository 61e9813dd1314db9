package grounding

import "strings"

// parted divides a tool's answer into what the company's own systems say and what somebody outside may have
// written into it: nil where there is nothing of one. Pointers are JSON Pointers to what nobody outside can
// write; a part * stands for every element, "" for all.
func parted(value any, pointers []string) (told, said any) {
	paths := make([][]string, len(pointers))
	for i, p := range pointers {
		if p = strings.TrimPrefix(p, "/"); p != "" {
			paths[i] = strings.Split(p, "/")
			for k := range paths[i] {
				paths[i][k] = strings.NewReplacer("~1", "/", "~0", "~").Replace(paths[i][k])
			}
		}
	}
	return part(value, paths)
}

func part(value any, paths [][]string) (told, said any) {
	for _, p := range paths {
		if len(p) == 0 {
			return value, nil
		}
	}
	switch v := value.(type) {
	case map[string]any:
		ours, theirs := map[string]any{}, map[string]any{}
		for key, e := range v {
			t, s := part(e, below(paths, key))
			keep(ours, key, t)
			keep(theirs, key, s)
		}
		if len(ours) > 0 {
			told = ours
		}
		if len(theirs) > 0 {
			said = theirs
		}
		return told, said
	case []any:
		var ours, theirs []any
		for _, e := range v {
			t, s := part(e, below(paths, "*"))
			if t != nil {
				ours = append(ours, t)
			}
			if s != nil {
				theirs = append(theirs, s)
			}
		}
		if len(ours) > 0 {
			told = ours
		}
		if len(theirs) > 0 {
			said = theirs
		}
		return told, said
	}
	return nil, value
}

func keep(in map[string]any, key string, v any) {
	if v != nil {
		in[key] = v
	}
}

// below are the pointers that lead on from a key.
func below(paths [][]string, key string) (list [][]string) {
	for _, p := range paths {
		if p[0] == key || p[0] == "*" {
			list = append(list, p[1:])
		}
	}
	return list
}
