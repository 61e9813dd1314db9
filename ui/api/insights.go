package api

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"strings"
	"time"

	"resolute/agent/bundle"
	"resolute/agent/insights"
	"resolute/agent/journal"
	"resolute/agent/people"
)

// Insights says what became of cases.
type Insights interface {
	Report(ctx context.Context, q insights.Query) (*insights.Report, error)
	Trace(ctx context.Context, t insights.Traced, cursor string, limit int) (list []insights.Behind, next string, err error)
	Settings(ctx context.Context) (insights.Settings, error)
	Put(ctx context.Context, s insights.Settings, said journal.Record) (insights.Settings, error)
}

const (
	mediaCSV = "text/csv"
	// insightDays are shown where no period is given.
	insightDays = 30
	mostAgain   = 365 // days
)

// insightRoutes are the routes of figures.
func (s *server) insightRoutes() []route {
	viewer, admin := string(people.Viewer), string(people.Admin)
	asked := []parameter{instant("from", "at or after; 30 days before to, if absent"), instant("to", "and before; now, if absent"), words("procedure", ""), words("bundle", "version that cases are handled under; active names the active one"),
		count("within_days", "a customer who comes again that soon comes because of the case before", 7, mostAgain)}
	shown := append(asked[:len(asked):len(asked)], choice("by", "pieces of the timeline, in the bundle's time zone; days for up to 62, else weeks, if absent", insights.Day, insights.Week))
	about := "What became of the cases of a period, how long it took, what was moved, and what was learned meanwhile"
	return []route{
		{method: "GET", path: base + "/insights", role: viewer, about: about + "; with Accept: text/csv as a table", query: shown, gives: map[string]schema{mediaJSON: ref("Insights"), mediaCSV: text("figure, dimension, value, unit")}, do: s.getInsights},
		{method: "GET", path: base + "/insights.csv", role: viewer, about: about + ", as a table", query: shown, gives: map[string]schema{mediaCSV: text("figure, dimension, value, unit")}, do: s.getInsightsCSV},
		{method: "GET", path: base + "/insights/cases", role: viewer, about: "The cases behind a figure, in the order of time", gives: inJSON(page(ref("BehindFigure"))), do: s.getInsightCases,
			query: paged(isHexadecimal, append(asked[:len(asked):len(asked)], choice("figure", "cases, if absent", insights.Traces()...), words("reason", "stop code, or where an open case stands, that the figure is split by"), words("tool", "of effects"), words("currency", "of effects"))...)},
		{method: "GET", path: base + "/insights/settings", role: viewer, about: "What is assumed where figures need it", gives: inJSON(ref("InsightSettings")), do: s.getInsightSettings},
		{method: "PUT", path: base + "/insights/settings", role: admin, about: "Replace what is assumed", takes: inJSON(closed(insightSettingsShape("minutes", "procedures", "least_measured"))), gives: inJSON(ref("InsightSettings")), do: s.putInsightSettings},
	}
}

func isHexadecimal(value string) bool { return isHex(value, 64) || isHex(value, 48) }

// insightQuery reads the period and what is asked of it.
func (s *server) insightQuery(r *request) (insights.Query, error) {
	q := insights.Query{From: r.time("from"), To: r.time("to"), Procedure: r.Query("procedure"), Bundle: r.Query("bundle"), By: insights.Piece(r.Query("by")),
		Again: time.Duration(r.count("within_days", 7, mostAgain)) * 24 * time.Hour}
	if q.To.IsZero() {
		q.To = time.Now().UTC()
	}
	if q.From.IsZero() {
		q.From = q.To.AddDate(0, 0, -insightDays)
	}
	if q.Bundle != "" {
		b, err := s.Bundles.Resolve(r.Request.Context(), q.Bundle)
		if errors.Is(err, bundle.ErrVersion) {
			return q, invalid("the query makes no sense", problemPart{Parameter: "bundle", Detail: err.Error()})
		}
		if err != nil {
			return q, err
		}
		q.Bundle = b.Version
	}
	return q, nil
}

// insights gives the report that a request asks for.
func (s *server) insights(r *request) (*insights.Report, error) {
	q, err := s.insightQuery(r)
	if err != nil {
		return nil, err
	}
	return s.Insights.Report(r.Request.Context(), q)
}

func (s *server) getInsights(r *request) error {
	if strings.HasPrefix(r.GetHeader("Accept"), mediaCSV) {
		return s.getInsightsCSV(r)
	}
	report, err := s.insights(r)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, report)
}

func (s *server) getInsightsCSV(r *request) error {
	report, err := s.insights(r)
	if err != nil {
		return err
	}
	var table bytes.Buffer
	if err := insights.WriteCSV(&table, report); err != nil {
		return err
	}
	r.Header("Content-Disposition", `attachment; filename="insights.csv"`)
	r.Data(http.StatusOK, mediaCSV+"; charset=utf-8", table.Bytes())
	return nil
}

func (s *server) getInsightCases(r *request) error {
	limit, cursor := r.page()
	q, err := s.insightQuery(r)
	if err != nil {
		return err
	}
	t := insights.Traced{Query: q, Figure: r.DefaultQuery("figure", "cases"), Reason: r.Query("reason"), Tool: r.Query("tool"), Currency: r.Query("currency")}
	found, next, err := s.Insights.Trace(r.Request.Context(), t, cursor, limit)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, listOf(found, next))
}

func (s *server) getInsightSettings(r *request) error {
	settings, err := s.Insights.Settings(r.Request.Context())
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, settings)
}

func (s *server) putInsightSettings(r *request) error {
	var in insights.Settings
	if err := r.decode(&in); err != nil {
		return err
	}
	said, err := s.Audit.Event(r.who.Actor(), "insights.settings", "", map[string]any{"minutes": in.Minutes, "procedures": in.Procedures, "least_measured": in.LeastMeasured})
	if err != nil {
		return err
	}
	out, err := s.Insights.Put(r.Request.Context(), in, said)
	if err != nil {
		return err
	}
	return answer(r, http.StatusOK, out)
}
