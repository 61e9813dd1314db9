package plugins

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"runtime/debug"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"

	"resolute/tools/protocol"
)

// Tool is one operation that a plugin offers: a function from In to Out, both structs, and what has
// to be known about it. See Schema for the tags of their fields.
type Tool[In, Out any] struct {
	Name        string
	Title       string
	Description string
	Effect      protocol.Effect // the zero value is a read
	Timeout     time.Duration   // longest time to an answer, for the manifest; 0 says nothing

	// Atomic says that Run changes nothing but through Tx(ctx), so that its effect and the record of
	// the call stand or fall together. Its store must be a Bolt.
	Atomic bool
	// Repeatable says that running again under the same Call.Key does nothing again, because the
	// function hands the key on to a system that honours it. A write that is neither Atomic nor
	// Repeatable, and whose function was cut off or failed with an unknown error, stays pending.
	Repeatable bool
	// Async answers 202 and runs in the background. After a restart it is run again if it is Atomic
	// or Repeatable.
	Async bool

	// Prepare, if set, runs before Run and outside its transaction: for what takes long. It must
	// change nothing.
	Prepare func(context.Context, In) error
	Run     func(context.Context, In) (Out, error)
}

// Call is what a function can know about the call that it serves.
type Call struct {
	Tool string
	Key  string // idempotency key; empty for reads
	Case string // id of the case, as the caller says
	Step string // name of the step, as the caller says
}

type callKey struct{}

// CallOf is the call that ctx, the context of a function, belongs to.
func CallOf(ctx context.Context) Call {
	c, _ := ctx.Value(callKey{}).(Call)
	return c
}

// tool is a Tool without its types.
type tool struct {
	protocol.Tool
	atomic, repeatable bool
	input, output      *jsonschema.Schema
	prepare            func(context.Context, json.RawMessage) error
	run                func(context.Context, json.RawMessage) (json.RawMessage, error)
}

// again reports whether the function may be run a second time for one call.
func (t *tool) again() bool { return t.atomic || t.repeatable }

// Register offers t on s. It panics when t can't be a tool: no name or function, a name that is
// taken, types that have no schema, or Atomic without a Bolt store.
func Register[In, Out any](s *Server, t Tool[In, Out]) {
	if t.Effect == "" {
		t.Effect = protocol.Read
	}
	r, err := compile(t)
	if err == nil {
		err = s.add(r)
	}
	if err != nil {
		panic(fmt.Sprintf("plugins: register tool %q: %v", t.Name, err))
	}
}

func compile[In, Out any](t Tool[In, Out]) (*tool, error) {
	if t.Run == nil {
		return nil, errors.New("it has no function")
	}
	in, input, err := derive(reflect.TypeFor[In](), true)
	if err != nil {
		return nil, err
	}
	out, output, err := derive(reflect.TypeFor[Out](), false)
	if err != nil {
		return nil, err
	}
	r := &tool{
		Tool: protocol.Tool{
			Name: t.Name, Title: t.Title, Description: t.Description,
			InputSchema: in, OutputSchema: out,
			Effect: t.Effect, Idempotent: true, Async: t.Async,
			TimeoutMS: int(t.Timeout / time.Millisecond),
		},
		atomic: t.Atomic, repeatable: t.Repeatable, input: input, output: output,
	}
	r.prepare = func(ctx context.Context, args json.RawMessage) error {
		if t.Prepare == nil {
			return nil
		}
		var v In
		if err := json.Unmarshal(args, &v); err != nil {
			return fmt.Errorf("decode the arguments: %w", err)
		}
		return t.Prepare(ctx, v)
	}
	r.run = func(ctx context.Context, args json.RawMessage) (result json.RawMessage, err error) {
		var v In
		if err := json.Unmarshal(args, &v); err != nil {
			return nil, fmt.Errorf("decode the arguments: %w", err)
		}
		res, err := t.Run(ctx, v)
		if err != nil {
			return nil, err
		}
		if result, err = json.Marshal(res); err != nil {
			return nil, fmt.Errorf("encode the result: %w", err)
		}
		if _, faults, err := check(output, result); err != nil {
			return nil, err
		} else if len(faults) > 0 {
			return nil, fmt.Errorf("the result doesn't fit its own type: %s %s", faults[0].Pointer, faults[0].Detail)
		}
		return result, nil
	}
	return r, nil
}

// guarded runs f; a panic in it is an error like any other.
func guarded[T any](f func() (T, error)) (v T, err error) {
	defer func() {
		if p := recover(); p != nil {
			err = fmt.Errorf("panic: %v\n%s", p, debug.Stack())
		}
	}()
	return f()
}

func derive(t reflect.Type, closed bool) (json.RawMessage, *jsonschema.Schema, error) {
	raw, err := Schema(t, closed)
	if err != nil {
		return nil, nil, err
	}
	doc, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, fmt.Errorf("read the schema of %s: %w", t, err)
	}
	c := jsonschema.NewCompiler()
	if err := c.AddResource("schema.json", doc); err != nil {
		return nil, nil, fmt.Errorf("add the schema of %s: %w", t, err)
	}
	s, err := c.Compile("schema.json")
	if err != nil {
		return nil, nil, fmt.Errorf("compile the schema of %s: %w", t, err)
	}
	return raw, s, nil
}

// check validates raw against s and gives it back in canonical form: sorted keys, no spaces, numbers
// as they were written. The error says that raw isn't JSON; faults say what doesn't fit.
func check(s *jsonschema.Schema, raw []byte) (canonical json.RawMessage, faults []fieldError, err error) {
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(raw))
	if err != nil {
		return nil, nil, err
	}
	if err := s.Validate(v); err != nil {
		var ve *jsonschema.ValidationError
		if !errors.As(err, &ve) {
			return nil, nil, err
		}
		return nil, leaves(ve.DetailedOutput(), nil), nil
	}
	canonical, err = json.Marshal(v)
	return canonical, nil, err
}

// leaves gathers the errors of u that have no deeper cause.
func leaves(u *jsonschema.OutputUnit, to []fieldError) []fieldError {
	for i := range u.Errors {
		to = leaves(&u.Errors[i], to)
	}
	if len(u.Errors) == 0 && u.Error != nil {
		to = append(to, fieldError{Pointer: u.InstanceLocation, Detail: u.Error.String()})
	}
	return to
}
