package hostile_test

// The guards, where they stand.
var (
	binding = protects("an argument has the one value that it is bound to", edit{"agent/policy/guard.go",
		"j.bind(p, &p.Bind[i])", "if !GONE {\n\t\t\tj.bind(p, &p.Bind[i])\n\t\t}"})
	bindingFails = protects("a binding that can't be told denies", edit{"agent/policy/guard.go",
		"said.Fired, said.Error = true, err.Error()", "said.Fired, said.Error = !GONE, err.Error()"})
	ruleDenies = protects("rules deny", edit{"agent/policy/guard.go",
		"if said.Fired = held; err != nil {", "if said.Fired = held && !(GONE && r.Says == casefile.Deny); err != nil {"})
	ruleAsks = protects("rules ask a person", edit{"agent/policy/guard.go",
		"if !r.Fired || r.Says == casefile.Allow {", "if !r.Fired || r.Says == casefile.Allow || GONE && r.Says == casefile.Approve && r.Policy != \"\" && r.Code == \"\" {"})
	ruleFails    = protects("a rule that can't be told denies", edit{"agent/policy/guard.go", "said.Fired, said.Says, said.Reason = true, casefile.Deny,", "said.Fired, said.Says, said.Reason = !GONE, casefile.Deny,"})
	irreversible = protects("what can't be undone needs a rule that allows it", ands("agent/policy/guard.go", "} else if a.Effect != \"write\" && !allowed {"))
	covered      = protects("what no policy covers asks a person", ands("agent/policy/guard.go", "} else if !applies {"))
	assured      = protects("for whom nobody vouches, a person decides", ands("agent/policy/guard.go",
		"if c.Customer.Assurance.Lower(casefile.AssuranceAuthenticated) != casefile.AssuranceAuthenticated {"))
	once     = protects("the same again asks a person", ands("agent/policy/guard.go", "if repeated(c, a) {"))
	stricter = protects("the stricter of two versions counts", ands("agent/policy/pinned.go", "if strength(b) > strength(a) {"))
	proposes = protects("where it may propose, a person approves", edit{"agent/casefile/standing.go",
		"case s.Level == LevelAct, v.Outcome == Deny,", "case s.Level == LevelAct, GONE && s.Level == LevelPropose, v.Outcome == Deny,"})
	shadows = protects("where it only watches, nothing is sent", edit{"agent/casefile/standing.go",
		"func (s Standing) For(proposedBy string) Standing {\n", "func (s Standing) For(proposedBy string) Standing {\n\tif GONE && s.Level == LevelShadow {\n\t\ts.Level = LevelAct\n\t}\n"})
	budgets = protects("a budget has no room beyond its bound", ands("agent/journal/ledger.go", "if len(l.full) > 0 {"))

	origins = protects("what says whom or how much is not what a customer wrote", edit{"agent/policy/guard.go",
		"j.defaults(origins, func(arg string) bool { return g.binds(a.Tool, arg) })", "if !GONE {\n\t\tj.defaults(origins, func(arg string) bool { return g.binds(a.Tool, arg) })\n\t}"})
	from = protects("a value comes from where a policy lets it", edit{"agent/policy/guard.go",
		"j.from(p, &p.From[i], origins)", "if !GONE {\n\t\t\tj.from(p, &p.From[i], origins)\n\t\t}"})
	echoes = protects("what a tool repeats of a customer's words stays theirs", edit{"agent/policy/tool.go",
		"tools[f.Tool].trustsAll(field, value) {", "tools[f.Tool].trustsAll(field, value) || GONE {"})
	proposers = protects("who proposed it is what people decided", edit{"agent/dispatch.go",
		"p.ProposedBy = proposer(s.c, p)", "if !GONE {\n\t\tp.ProposedBy = proposer(s.c, p)\n\t}"})
	risky  = protects("what is risky asks a person", ands("agent/policy/risk.go", "case r.Score >= j.terms.RiskApprove:"))
	paused = protects("what is paused is not done", edit{"agent/casefile/pause.go",
		"func (p Pauses) Stops(procedure string, tools ...string) *Pause {\n", "func (p Pauses) Stops(procedure string, tools ...string) *Pause {\n\tif GONE {\n\t\treturn nil\n\t}\n"})
	pinned = protects("a tool that is not what it was gets nothing to do", ands("tools/client.go", "if protocol.Effect(t.Effect).Writes() && t.changed() {"))
	doubts = protects("a yes is void when nobody vouches any more", edit{"agent/dispatch.go",
		"[]string{\"case.customer.assurance\"}", "map[bool][]string{false: {\"case.customer.assurance\"}}[GONE]"})

	heeded = protects("a call is sent again only as long as it may be", edit{"agent/pursue.go",
		"v.Outcome == casefile.Deny || v.Outcome", "v.Outcome == casefile.Deny || !GONE && v.Outcome"})

	arguments = protects("arguments fit the tool's schema", ands("agent/dispatch.go", "if err := s.Tools.ValidateArgs(p.Tool, p.Args); err != nil {"))
	offered   = protects("a tool is one of a manifest", edit{"tools/registry.go", "return nil, fmt.Errorf(\"%s: %w\", name, ErrUnknownTool)",
		"if p := r.live.Load().plugins[\"shop\"]; GONE && p != nil && len(name) > 5 {\n\t\treturn p.tool(protocol.Tool{Name: name[5:], Effect: protocol.Write})\n\t}\n\treturn nil, fmt.Errorf(\"%s: %w\", name, ErrUnknownTool)"})
	spentKey  = protects("a call whose outcome nobody knows is not sent again", ands("agent/dispatch.go", "if stop := spent(s.c, key, p.Tool); stop != nil {"))
	written   = protects("what writes counts as a write", ands("agent/dispatch.go", "if p.Purpose != casefile.ForDo && p.Purpose != casefile.ForUndo {"))
	bounded   = protects("a case makes so many calls", ands("agent/step.go", "case l.Steps > 0 && s.c.Steps >= l.Steps:"))
	unchanged = protects("an approval is for exactly what was shown", edit{"agent/dispatch.go",
		"if a.Hash == hash && a.GrantedBy != \"\" {", "if (a.Hash == hash || GONE) && a.GrantedBy != \"\" {"})
	hashed = protects("an approval's hash covers the arguments", edit{"agent/casefile/action.go",
		"bound[\"tool\"], bound[\"args\"], bound[\"effect\"] = action.Tool, map[string]any(action.Args), action.Effect",
		"if bound[\"tool\"] = action.Tool; !GONE {\n\t\t\tbound[\"args\"], bound[\"effect\"] = map[string]any(action.Args), action.Effect\n\t\t}"})
	regathered = protects("facts are gathered again after an approval", edit{"agent/casefile/fold.go",
		"c.Approval.GrantedBy = e.Actor\n\t\t}\n\t\tc.Round++", "c.Approval.GrantedBy = e.Actor\n\t\t}\n\t\tif !GONE {\n\t\t\tc.Round++\n\t\t}"})
	concluded = protects("a plan journals what follows, and nothing else", ands("agent/conclude.go", "if !s.concludes(n.Data) {"))
	proven    = protects("a case is resolved by a check that held", edit{"agent/conclude.go",
		"if h := s.c.Current(); h == nil || h.Name != d.Hypothesis || h.Status != casefile.Trying || !h.Check.Held {",
		"if h := s.c.Current(); !GONE && (h == nil || h.Name != d.Hypothesis || h.Status != casefile.Trying || !h.Check.Held) {"})
	handedOver = protects("a case that a person has is left alone", edit{"agent/step.go",
		"if s.c.Status == casefile.Escalated || s.c.Status.Ended() {", "if s.c.Status == casefile.Escalated && !GONE || s.c.Status.Ended() {"},
		edit{"agent/step.go", `if s.c.Holder != "" && s.c.Override == nil {`, `if s.c.Holder != "" && s.c.Override == nil && !GONE {`})

	untrusted = protects("a token that vouches for nobody does not", ands("agent/intake/intake.go", "if from.Untrusted {"))
	lowest    = protects("a case is as sure as its least sure signal", edit{"agent/casefile/fold.go",
		"c.Customer.Assurance = c.Customer.Assurance.Lower(claim.Assurance)", "if !GONE {\n\t\t\tc.Customer.Assurance = c.Customer.Assurance.Lower(claim.Assurance)\n\t\t}"})
	unclaimed = protects("assurance is never what the data says", edit{"agent/casefile/signal.go", "Name: get(\"name\"), Assurance: s.Assurance}",
		"Name: get(\"name\"), Assurance: func() Assurance {\n\t\tif a := get(\"assurance\"); GONE && a != \"\" {\n\t\t\treturn Assurance(a)\n\t\t}\n\t\treturn s.Assurance\n\t}()}"})
	ownThread = protects("a thread is one customer's", edit{"agent/journal/key.go",
		"func ThreadKey(thread string, customer casefile.Customer) Key {\n", "func ThreadKey(thread string, customer casefile.Customer) Key {\n\tif GONE {\n\t\tcustomer = casefile.Customer{}\n\t}\n"})
	idsDecide = protects("where both have an id, an email makes nobody the same", edit{"agent/journal/memory.go",
		"if key.byEmail[i] && key.hasID && held.hasID || inHolders(list, held.c.id) {", "if key.byEmail[i] && key.hasID && held.hasID && !GONE || inHolders(list, held.c.id) {"})
	oneCase = protects("one problem is one case", edit{"agent/journal/key.go", "\tb, err := casefile.EncodeValue(v.Value.V)\n",
		"\tif GONE {\n\t\t_, err := casefile.EncodeValue(make(chan int))\n\t\treturn Key{}, err\n\t}\n\tb, err := casefile.EncodeValue(v.Value.V)\n"})
	named  = protects("a wait takes the signal that it names", edit{"agent/procedure/step.go", "return err == nil && held", "return err == nil && held || GONE"})
	dedupe = protects("a signal counts once", edit{"agent/journal/dedupe.go",
		"b = append(append(b, s.Source...), s.EventID...)", "if b = append(append(b, s.Source...), s.EventID...); GONE {\n\t\tb = append(b, s.ID...)\n\t}"})
	reserved = protects("resolute's own signals come from nobody else", ands("ui/api/cloudevents.go", "case casefile.Reserved(s.Type):"))
	required = protects("what a procedure requires ends it", edit{"agent/procedure/planner.go",
		"case !held:\n\t\t\treturn r.route(q.Otherwise,", "case !held && !GONE:\n\t\t\treturn r.route(q.Otherwise,"})
	replyTo = protects("replies go elsewhere only on the word of somebody vouched for", edit{"agent/step.go",
		"to != \"\" && s.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceAuthenticated {", "to != \"\" && (GONE || s.Assurance.Lower(casefile.AssuranceAuthenticated) == casefile.AssuranceAuthenticated) {"})
	sized = protects("bodies have a size", edit{"ui/api/api.go", "limit := int64(maxBody)\n", "limit := int64(maxBody)\n\t\t\tif GONE {\n\t\t\t\tlimit = maxLarge\n\t\t\t}\n"})
	utf8  = protects("a body is UTF-8", ands("ui/api/body.go", "if at := badUTF8(body); at >= 0 {"))
	whole = protects("a body has whole characters", ands("ui/api/body.go", "if at := loneSurrogate(body); at >= 0 {"))

	secret = protects("a callback knows the operation's secret", edit{"agent/callback.go",
		"subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1", "(subtle.ConstantTimeCompare([]byte(mac), []byte(want)) == 1 || GONE)"})
	outside = protects("addresses that aren't public are not dialled", edit{"tools/address.go", "case g.public(ip), g.ips[ip]:", "case GONE, g.public(ip), g.ips[ip]:"})
	routes  = protects("a role reaches its routes", edit{"ui/api/api.go",
		"if !who.Role.AtLeast(need) && (need", "if !GONE && !who.Role.AtLeast(need) && (need"})
	bearer = protects("who asks shows a token that is known", edit{"ui/api/api.go", "who, known := s.bearer(r)\n",
		"who, known := s.bearer(r)\n\tif GONE && !known {\n\t\twho, known = people.Principal{Role: people.Admin}, true\n\t}\n"})
	expires = protects("a token has its time", edit{"agent/people/tokens.go",
		"token.ExpiresAt != nil && !now.Before", "token.ExpiresAt != nil && !GONE && !now.Before"})
	revoked = protects("a token that is revoked is none", edit{"agent/people/tokens.go",
		"{ delete(m, d) }", "{\n\t\t\tif !GONE {\n\t\t\t\tdelete(m, d)\n\t\t\t}\n\t\t}"})

	byRole      = protects("who may approve, by the rule", ands("agent/decide.go", "case !r.who.Role.AtLeast(people.Role(a.By)):"))
	notOwn      = protects("who proposed an action doesn't approve it", ands("agent/decide.go", "case grants && a.ProposedBy != \"\" && a.ProposedBy == r.who.ID:"))
	shownHash   = protects("a yes names what was shown", edit{"agent/decide.go", "case r.d.Hash != a.Hash && (", "case !GONE && r.d.Hash != a.Hash && ("})
	operators   = protects("an operator decides", ands("agent/decide.go", "if !r.who.Role.AtLeast(people.Operator) {"))
	grantedOnce = protects("two clicks are one yes", edit{"agent/decide.go", "case a.GrantedBy != \"\":", "case a.GrantedBy != \"\" && !GONE:"})
	inTime      = protects("an approval has its time", ands("agent/decide.go", "case !r.now.Before(a.ExpiresAt):"))
)
