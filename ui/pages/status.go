package pages

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"resolute/agent/casefile"
	"resolute/agent/journal"
	"resolute/agent/people"
	"resolute/agent/statuslink"
)

// Links are the signed links of customers.
type Links interface {
	Token(ctx context.Context, caseID string, from time.Time) (token string, ends time.Time, err error)
	Open(ctx context.Context, token string) (caseID string, err error)
	Revoked(ctx context.Context, caseID string) (statuslink.Revocation, error)
	Revoke(ctx context.Context, caseID, by string, audit func() (journal.Record, error)) error
}

// Replies takes what a customer writes to a case.
type Replies interface {
	AcceptReply(ctx context.Context, c *casefile.Case, s casefile.Signal) (journal.Receipt, error)
}

// statusPage is what a customer is shown of a case: what they were told and asked, and where it stands
// in words that say nothing of the inside.
type statusPage struct {
	Shell     Shell
	Ref       string // to name on the telephone
	Heading   string
	Says      string
	Icon      string
	Opened    Moment
	Question  []string // paragraphs of what they are asked
	Until     Moment
	Told      []string // paragraphs of what they were told last
	Open      bool     // they may write
	Sent      bool     // they just did
	Gone      bool     // the link counts no more
	Failed    string
	Text      string // what they wrote, where it wasn't taken
	Once      string // makes two clicks one answer
	Token     string
	MaxLength int
}

// maxReply is how long an answer may be, in characters.
const maxReply = 4000

// How often somebody may look, try links, and write to one case.
var (
	statusLooks   = people.Rate{Burst: 60, Every: 2 * time.Second}
	statusGuesses = people.Rate{Burst: 20, Every: 30 * time.Second}
	statusReplies = people.Rate{Burst: 10, Every: 3 * time.Minute}
)

// statusHeaders: a page for customers runs nothing, is in no frame and in no index.
func statusHeaders(w http.ResponseWriter) {
	h := w.Header()
	h.Set("Content-Security-Policy", "default-src 'none'; style-src 'self'; img-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'")
	h.Set("X-Robots-Tag", "noindex, nofollow, noarchive")
}

// tellCustomer says that something went wrong to those who are told nothing of the inside: what it was is for
// the log.
func (s *site) tellCustomer(w http.ResponseWriter, r *http.Request, err error) {
	statusHeaders(w)
	p, code := statusPage{Gone: true}, explain(err).Status
	switch {
	case errors.Is(err, errNoPage):
		p.Heading, p.Says = notOpened, notOpenedSays
	case errors.Is(err, errCrossOrigin):
		p.Heading, p.Says = "That did not come from this page", "Nothing was sent. Open the link in the newest message that we sent you, and answer there; or just answer that message."
	case code < http.StatusInternalServerError:
		p.Heading, p.Says = "That could not be taken", "Nothing was sent. Please go back and try it once more; or just answer our message."
	default:
		s.Logger.Error("a customer's page failed", "error", err) // its address is a secret
		w.Header().Set("Retry-After", "60")
		p.Heading, p.Says = "This page is out of order just now", "It is not your doing, and nothing was sent. Please try again in a few minutes; or just answer our message."
	}
	p.Shell = s.statusShell(r, p.Heading)
	if err := s.render(w, code, "status", p); err != nil {
		s.Logger.Error("the page of an error failed", "error", err)
	}
}

// What a link that doesn't count shows.
const (
	notOpened     = "This link does not open anything"
	notOpenedSays = "It may be cut off, or its time is over. The newest message that we sent you has one that works; or just answer that message."
)

// statusCase gives the case of a link. Whoever has none, or tries too often, is answered here.
func (s *site) statusCase(w http.ResponseWriter, r *http.Request) (*casefile.Case, error) {
	statusHeaders(w)
	address := people.Network(s.visitor(r).Address)
	if err := s.limits.Take("look "+address, statusLooks); err != nil {
		return nil, s.tooMany(w, r, err)
	}
	id, err := s.Links.Open(r.Context(), r.PathValue("token"))
	if err == nil {
		var c *casefile.Case
		if c, err = s.Engine.Load(r.Context(), id); err == nil {
			return c, nil
		}
	}
	if errors.Is(err, statuslink.ErrRevoked) {
		p := statusPage{Shell: s.statusShell(r, "This link was taken back"), Gone: true, Heading: "This link was taken back", Says: "We took it back, so it opens nothing any more. The next message that we send you has one that works; or just answer the last one."}
		return nil, s.render(w, http.StatusGone, "status", p)
	}
	if !errors.Is(err, statuslink.ErrLink) && !errors.Is(err, journal.ErrNotFound) {
		return nil, err
	}
	if err := s.limits.Take("guess "+address, statusGuesses); err != nil {
		return nil, s.tooMany(w, r, err)
	}
	p := statusPage{Shell: s.statusShell(r, notOpened), Gone: true, Heading: notOpened, Says: notOpenedSays}
	return nil, s.render(w, http.StatusNotFound, "status", p)
}

func (s *site) tooMany(w http.ResponseWriter, r *http.Request, err error) error {
	var many *people.TooManyError
	if !errors.As(err, &many) {
		return err
	}
	w.Header().Set("Retry-After", strconv.Itoa(int(many.After.Seconds())+1))
	p := statusPage{Shell: s.statusShell(r, "Please wait a moment"), Gone: true, Heading: "Please wait a moment", Says: "That was too often. Nothing is lost: come back in " + span(many.After+time.Second) + "."}
	return s.render(w, http.StatusTooManyRequests, "status", p)
}

// statusShell is the frame of a page for customers: it leads nowhere into the console.
func (s *site) statusShell(r *http.Request, title string) Shell {
	return s.shell(r, people.Principal{}, title, "")
}

func (s *site) status(w http.ResponseWriter, r *http.Request) error {
	c, err := s.statusCase(w, r)
	if err != nil || c == nil {
		return err
	}
	if next := s.merged(r.Context(), c); next != "" {
		http.Redirect(w, r, next, http.StatusSeeOther)
		return nil
	}
	p, err := s.statusPage(r, c)
	if err != nil {
		return err
	}
	p.Sent = r.URL.Query().Has("sent")
	return s.render(w, http.StatusOK, "status", p)
}

// merged is the page of the case that one went on in, "" where it didn't, or in somebody else's. Whoever only
// claimed to be that customer is not shown what the customer was told.
func (s *site) merged(ctx context.Context, c *casefile.Case) string {
	if c.MergedInto == "" || c.Customer.Assurance.Lower(casefile.AssuranceAuthenticated) != casefile.AssuranceAuthenticated {
		return ""
	}
	into, err := s.Engine.Load(ctx, c.MergedInto)
	if err != nil || c.Customer.Who() == "" || !c.Customer.Same(into.Customer) {
		return ""
	}
	if taken, err := s.Links.Revoked(ctx, into.ID); err != nil || taken.Times > 0 { // what was taken back comes back by no other link
		return ""
	}
	token, _, err := s.Links.Token(ctx, into.ID, c.EndedAt)
	if err != nil {
		return ""
	}
	if _, err := s.Links.Open(ctx, token); err != nil { // it goes no further than the link of the case that ended
		return ""
	}
	return statuslink.Path + token
}

func (s *site) statusPage(r *http.Request, c *casefile.Case) (statusPage, error) {
	p := statusPage{Ref: reference(c.ID), Opened: moment(c.OpenedAt, s.Now()), Open: !c.Status.Ended(), Token: r.PathValue("token"), MaxLength: maxReply}
	p.stands(c, s.Now())
	if c.Reply != nil {
		p.Told = paragraphs(c.Reply.Text)
	}
	p.Shell = s.statusShell(r, p.Heading)
	var once [16]byte
	if _, err := rand.Read(once[:]); err != nil {
		return p, err
	}
	p.Once = hex.EncodeToString(once[:])
	return p, nil
}

// stands says where a case stands, in a customer's words.
func (p *statusPage) stands(c *casefile.Case, now time.Time) {
	switch {
	case c.Status == casefile.Resolved:
		p.Icon, p.Heading, p.Says = "resolved", "This is done", "We checked that it really is. If something is not right, answer our message and we look again."
	case c.Status == casefile.Closed:
		p.Icon, p.Heading, p.Says = "closed", "This is closed", "If there is more to say, answer our message."
	case c.Question != nil:
		p.Icon, p.Heading, p.Says = "approval", "We need an answer from you", "With it we go on at once."
		p.Question, p.Until = paragraphs(c.Question.Text), moment(c.Question.Until, now)
	case c.Status == casefile.Approving || c.Status == casefile.Escalated:
		p.Icon, p.Heading, p.Says = "waiting", "A person here is looking at it", "Nothing is needed from you now."
	case c.Status == casefile.Waiting:
		p.Icon, p.Heading, p.Says = "waiting", "We are on it, and waiting for something", "Nothing is needed from you now. We go on by ourselves."
	default:
		p.Icon, p.Heading, p.Says = "working", "We are working on it", "Nothing is needed from you now."
	}
}

// reference is the end of a case's id: its beginning is the time, which many share.
func reference(id string) string {
	return strings.ToUpper(id[max(0, len(id)-6):])
}

var onceForm = regexp.MustCompile(`^[0-9a-f]{32}$`)

// takeReply takes an answer as a signal, the same one once.
func (s *site) takeReply(w http.ResponseWriter, r *http.Request) error {
	c, err := s.statusCase(w, r)
	if err != nil || c == nil {
		return err
	}
	if err := form(w, r); err != nil {
		return err
	}
	text, once := written(r.PostForm.Get("text")), r.PostForm.Get("once")
	again := func(code int, why string) error {
		p, err := s.statusPage(r, c)
		if err != nil {
			return err
		}
		p.Failed, p.Text = why, text
		return s.render(w, code, "status", p)
	}
	switch {
	case !onceForm.MatchString(once):
		return again(http.StatusBadRequest, "That form was not complete. Please send it once more.")
	case text == "":
		return again(http.StatusUnprocessableEntity, "There is nothing in it yet. Please write something.")
	case utf8.RuneCountInString(text) > maxReply:
		return again(http.StatusUnprocessableEntity, "That is longer than "+strconv.Itoa(maxReply)+" characters. Please shorten it, or answer our message instead.")
	}
	key := "reply " + c.ID
	if err := s.limits.Take(key, statusReplies); err != nil {
		return again(http.StatusTooManyRequests, "That is a lot within a short time. Please wait a few minutes, then send this.")
	}
	receipt, err := s.Replies.AcceptReply(r.Context(), c, replySignal(c, once, text))
	var busy interface{ RetryAfter() time.Duration }
	if errors.As(err, &busy) {
		s.limits.Give(key, statusReplies)
		return again(http.StatusServiceUnavailable, "We can't take it just now. Nothing was sent; please try again in a moment.")
	}
	if err != nil {
		return err
	}
	if receipt.Duplicate {
		s.limits.Give(key, statusReplies)
	}
	http.Redirect(w, r, statuslink.Path+url.PathEscape(r.PathValue("token"))+"?sent=1", http.StatusSeeOther)
	return nil
}

// sourceOfReplies is the source of signals that come by links.
const sourceOfReplies = "/status"

// replySignal is an answer as a signal of the case's customer. Its identity is the form and the text: two
// clicks are one answer, and what somebody changed before they sent it again is another.
func replySignal(c *casefile.Case, once, text string) casefile.Signal {
	sum := sha256.Sum256([]byte(text))
	customer := map[string]any{}
	for name, v := range map[string]string{"id": c.Customer.ID, "email": c.Customer.Email, "name": c.Customer.Name} {
		if v != "" {
			customer[name] = v
		}
	}
	data := casefile.Object{"customer": customer, "text": text}
	if len(c.Signals) > 0 {
		if thread := c.Signals[0].Thread(); thread != "" {
			data["thread"] = thread
		}
	}
	return casefile.Signal{Source: sourceOfReplies, EventID: c.ID + "/" + once + "/" + hex.EncodeToString(sum[:8]), Type: "customer.replied", Data: data}
}

// written is a text as somebody meant it: lines by \n, nothing that doesn't show; "" where no character of it
// does.
func written(text string) string {
	text = strings.ReplaceAll(strings.ToValidUTF8(text, ""), "\r\n", "\n")
	if !strings.ContainsFunc(text, func(r rune) bool { return unicode.IsGraphic(r) && !unicode.IsSpace(r) }) {
		return ""
	}
	return strings.TrimSpace(strings.Map(func(r rune) rune {
		if unicode.IsControl(r) && r != '\n' && r != '\t' {
			return -1
		}
		return r
	}, text))
}

// CustomerLink is a case's link for its customer, as who may write to the case anyway sees it.
type CustomerLink struct {
	Link    string
	Revoke  string // where a form takes all links back
	Revoked Moment // when they were taken back last
	By      string
}

// statusLink is a case's link, nil for who may not write to the case.
func (s *site) statusLink(ctx context.Context, c *casefile.Case, who people.Principal) *CustomerLink {
	if !who.Role.AtLeast(people.Operator) {
		return nil
	}
	token, _, err := s.Links.Token(ctx, c.ID, s.Now())
	if err != nil {
		return nil
	}
	v := &CustomerLink{Link: statuslink.Path + token, Revoke: "/cases/" + url.PathEscape(c.ID) + "/links/revoke"}
	if taken, err := s.Links.Revoked(ctx, c.ID); err == nil && taken.Times > 0 {
		v.Revoked, v.By = moment(taken.At, s.Now()), actor(taken.By)
	}
	return v
}

// revokeLinks takes back all links that the customer of a case was given so far.
func (s *site) revokeLinks(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	c, err := s.Engine.Load(r.Context(), r.PathValue("id"))
	if err != nil {
		return err
	}
	err = s.Links.Revoke(r.Context(), c.ID, who.Actor(), func() (journal.Record, error) {
		return s.Deeds.Event(who.Actor(), "case.unlinked", c.ID, nil)
	})
	if err != nil {
		return err
	}
	http.Redirect(w, r, "/cases/"+url.PathEscape(c.ID)+"#reply", http.StatusSeeOther)
	return nil
}
