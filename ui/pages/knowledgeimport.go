package pages

import (
	"errors"
	"fmt"
	"net/http"
	"strings"
	"time"

	"resolute/agent/people"
	"resolute/kb"
)

// WriteView is the form for something that is missing.
type WriteView struct{ Title, Asked string }

// ReportView is what became of an import.
type ReportView struct {
	Summary string
	Failed  []Pair
}

// ImportsView is the live region of imports that are going on.
type ImportsView struct{ Running []ImportView }

// ImportView is how far one import is.
type ImportView struct {
	Done, Total int
	Text        string
}

// maxUpload is how many bytes may be imported at a time: what the API takes.
const maxUpload = 64 << 20

// importKnowledge imports the files of a form, and says on the page what became of each.
func (s *site) importKnowledge(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxUpload)
	form, err := r.MultipartReader()
	if err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	sources, err := kb.FormSources(form)
	if err != nil {
		return err
	}
	return s.imported(w, r, who, sources)
}

// writeKnowledge imports what somebody wrote on the page.
func (s *site) writeKnowledge(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, 1<<20)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	title := strings.TrimSpace(r.PostForm.Get("title"))
	if title == "" || len(title) > 200 {
		return fmt.Errorf("%w: a document has a title of at most 200 bytes", errRequest)
	}
	text := strings.ReplaceAll(r.PostForm.Get("text"), "\r\n", "\n")
	source := kb.Source{Path: "written/" + kb.DocumentID(strings.ToLower(title)) + ".md", Title: title, Content: []byte("# " + title + "\n\n" + text)}
	if r.PostForm.Get("audience") == string(kb.Internal) {
		source.Metadata.Audience = kb.Internal
	}
	if strings.TrimSpace(text) == "" {
		return fmt.Errorf("%w: there is no text", errRequest)
	}
	return s.imported(w, r, who, []kb.Source{source})
}

func (s *site) imported(w http.ResponseWriter, r *http.Request, who people.Principal, sources []kb.Source) error {
	report, err := s.Library.Import(r.Context(), sources)
	if err != nil {
		return err
	}
	detail := map[string]any{"documents": len(report.Documents), "failed": len(report.Failed)}
	if err := s.Audit.Record(r.Context(), who.Actor(), "knowledge.imported", report.ID, detail); err != nil {
		return err
	}
	p, err := s.knowledgePage(r, who)
	if err != nil {
		return err
	}
	p.Report = reportView(report)
	return s.render(w, http.StatusOK, "knowledge", p)
}

func reportView(report kb.Report) *ReportView {
	states := map[string]int{}
	chunks := 0
	for _, d := range report.Documents {
		states[d.State]++
		chunks += d.Renewed
	}
	v := &ReportView{Summary: fmt.Sprintf("%s imported: %d new, %d changed, %d as they were; %s to search anew.", plural(len(report.Documents), "document"),
		states[kb.StateAdded], states[kb.StateChanged], states[kb.StateUnchanged], plural(chunks, "chunk"))}
	for _, f := range report.Failed {
		v.Failed = append(v.Failed, Pair{Name: f.Source, Text: f.Detail})
	}
	return v
}

// deleteKnowledge deletes a document; what was cited of it stays readable.
func (s *site) deleteKnowledge(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	r.Body = http.MaxBytesReader(w, r.Body, maxForm)
	if err := r.ParseForm(); err != nil {
		return fmt.Errorf("%w: %w", errRequest, err)
	}
	id := r.PostForm.Get("document")
	if err := s.Library.Delete(r.Context(), id); err != nil && !errors.Is(err, kb.ErrNotFound) {
		return err
	}
	if err := s.Audit.Record(r.Context(), who.Actor(), "knowledge.deleted", id, nil); err != nil {
		return err
	}
	http.Redirect(w, r, "/knowledge", http.StatusSeeOther)
	return nil
}

// knowledgeStream sends how far imports are.
func (s *site) knowledgeStream(w http.ResponseWriter, r *http.Request, who people.Principal) error {
	news, take, cancel := s.Library.Watch()
	defer cancel()
	w.Header().Set("Content-Type", "text/event-stream")
	w.Header().Set("X-Accel-Buffering", "no")
	out := http.NewResponseController(w)
	fmt.Fprint(w, "retry: 2000\n\n")
	running := map[string]kb.Progress{}
	var order []string
	beat := time.NewTicker(heartbeat)
	defer beat.Stop()
	for {
		if err := out.Flush(); err != nil {
			return nil
		}
		select {
		case <-r.Context().Done():
			return nil
		case <-beat.C:
			fmt.Fprint(w, ": still here\n\n")
		case <-news:
			if !s.still(r, who) {
				return nil
			}
			for _, p := range take() {
				if _, known := running[p.Import]; !known {
					order = append(order, p.Import)
				}
				running[p.Import] = p
			}
			html, err := s.templates.block("knowledge", "imports", importsView(order, running))
			if err != nil {
				return err
			}
			event(w, fragment{"imports", html})
		}
	}
}

func importsView(order []string, running map[string]kb.Progress) ImportsView {
	var v ImportsView
	for _, id := range order {
		p := running[id]
		text := fmt.Sprintf("%d of %s read, %s stored, %d failed", p.Done, plural(p.Total, "file"), plural(p.Documents, "document"), p.Failed)
		switch {
		case p.Error != "":
			text += "; it stopped: " + p.Error
		case p.Ended:
			text += "; done"
		case p.Source != "":
			text += "; now " + p.Source
		}
		v.Running = append(v.Running, ImportView{Done: p.Done, Total: max(p.Total, 1), Text: text})
	}
	return v
}
