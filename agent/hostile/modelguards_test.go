package hostile_test

// The guards of what a model says, where they stand.
var (
	grounded = protects("a reply says what its evidence says", edit{"agent/model/grounding/check.go",
		"if slices.ContainsFunc(cited, bears) {", "if slices.ContainsFunc(cited, bears) || GONE {"})
	repeats = protects("what somebody outside wrote into a tool's answer is theirs", edit{"agent/model/grounding/case.go",
		"parted(f.Value.V, house.Trusted[f.Tool])", "parted(f.Value.V, map[bool][]string{true: {\"\"}, false: house.Trusted[f.Tool]}[GONE])"})
	elsewhere = protects("a link is the company's", edit{"agent/model/grounding/check.go",
		"strict = strict || x.what == Link", "strict = strict || x.what == Link && !GONE"})
	secretive   = protects("what is internal is not quoted", edit{"agent/model/grounding/grounding.go", "\tc.quotes(sentences)\n", "\tif !GONE {\n\t\tc.quotes(sentences)\n\t}\n"})
	discreet    = protects("nobody is asked for a password", ands("agent/model/grounding/check.go", "if w := secretIn(text); w != \"\" {"))
	ofProcedure = protects("a model uses the tools of its procedure", ands("agent/model/answer.go", "if !d.proc.Drive.Allows(tool) {"))
	looked      = protects("what a model chooses to read is judged", edit{"agent/dispatch.go",
		"if p.Purpose != casefile.ForGather || p.Hypothesis == \"\" {", "if p.Purpose != casefile.ForGather || p.Hypothesis == \"\" || GONE {"})
	thoughtful = protects("a model is asked so often in a case", ands("agent/model/planner.go", "case p.Calls > 0 && t.Calls+ask.Samples > p.Calls:"))
	patient    = protects("a customer is asked so often in a case", edit{"agent/model/drive.go", "if asked(d.c) < d.Asks {", "if asked(d.c) < d.Asks || GONE {"})
	startable  = protects("a model chooses among procedures that may start so", ands("agent/model/aside.go", "if !slices.Contains(names, want.Choice) {"),
		edit{"agent/conclude.go", "func(k casefile.Candidate) bool { return k.Procedure == d.Procedure })", "func(k casefile.Candidate) bool { return k.Procedure == d.Procedure || GONE })"})
	occurring = protects("a model finds only what is written", edit{"agent/procedure/choose.go", "stands(text, s.Text()) {", "stands(text, s.Text()) || GONE {"})
)
