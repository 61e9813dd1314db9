package pages

import (
	"fmt"
	"reflect"
	"strings"
	"time"
)

// maxString is how much of one text a page shows, in bytes. Whoever wants all of it gets the entry.
const maxString = 8000

// cut gives a value with its long texts cut, each with a word on how long it is. Where there is none,
// it is the value itself, else a copy: what somebody else may hold stays as it is.
func cut[T any](v T) T {
	if short, is := shortened(reflect.ValueOf(&v).Elem()); is {
		return short.Interface().(T)
	}
	return v
}

// shortened gives a copy of v with its long texts cut, if it has any.
func shortened(v reflect.Value) (reflect.Value, bool) {
	switch v.Kind() {
	case reflect.String:
		if v.Len() <= maxString {
			return v, false
		}
		c := reflect.New(v.Type()).Elem()
		c.SetString(cutString(v.String()))
		return c, true
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return v, false
		}
		inner, is := shortened(v.Elem())
		if !is {
			return v, false
		}
		if v.Kind() == reflect.Interface {
			c := reflect.New(v.Type()).Elem()
			c.Set(inner)
			return c, true
		}
		c := reflect.New(v.Type().Elem())
		c.Elem().Set(inner)
		return c, true
	case reflect.Struct:
		return shortenedStruct(v)
	case reflect.Slice:
		return shortenedSlice(v)
	case reflect.Map:
		return shortenedMap(v)
	}
	return v, false
}

func shortenedStruct(v reflect.Value) (reflect.Value, bool) {
	if v.Type() == reflect.TypeFor[time.Time]() {
		return v, false
	}
	copied := reflect.Value{}
	for i := range v.NumField() {
		if !v.Type().Field(i).IsExported() {
			continue
		}
		if short, is := shortened(v.Field(i)); is {
			if !copied.IsValid() {
				copied = reflect.New(v.Type()).Elem()
				copied.Set(v)
			}
			copied.Field(i).Set(short)
		}
	}
	if copied.IsValid() {
		return copied, true
	}
	return v, false
}

func shortenedSlice(v reflect.Value) (reflect.Value, bool) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		return v, false
	}
	copied := reflect.Value{}
	for i := range v.Len() {
		if short, is := shortened(v.Index(i)); is {
			if !copied.IsValid() {
				copied = reflect.MakeSlice(v.Type(), v.Len(), v.Len())
				reflect.Copy(copied, v)
			}
			copied.Index(i).Set(short)
		}
	}
	if copied.IsValid() {
		return copied, true
	}
	return v, false
}

func shortenedMap(v reflect.Value) (reflect.Value, bool) {
	copied := reflect.Value{}
	for _, key := range v.MapKeys() {
		name, long := shortened(key)
		value, longer := shortened(v.MapIndex(key))
		if !long && !longer {
			continue
		}
		if !copied.IsValid() {
			copied = reflect.MakeMap(v.Type())
			for _, k := range v.MapKeys() {
				copied.SetMapIndex(k, v.MapIndex(k))
			}
		}
		copied.SetMapIndex(key, reflect.Value{})
		copied.SetMapIndex(name, value)
	}
	if copied.IsValid() {
		return copied, true
	}
	return v, false
}

func cutString(s string) string {
	return strings.ToValidUTF8(s[:maxString], "") + "… [cut here; it has " + size(len(s)) + "]"
}

// size is a number of bytes as people say it.
func size(n int) string {
	switch {
	case n >= 1_000_000:
		return fmt.Sprintf("%.1f MB", float64(n)/1e6)
	case n >= 1000:
		return fmt.Sprintf("%.0f kB", float64(n)/1e3)
	}
	return plural(n, "byte")
}
