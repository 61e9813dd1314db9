package api

import (
	"maps"

	"resolute/agent/casefile"
	"resolute/agent/insights"
)

// insightShapes are the schemas of figures.
func insightShapes() schema {
	count := func(about string) schema { return integer(about) }
	maybe := func(about string) schema { return orNull(integer(about)) }
	why := text("why something beside it is null")
	counts := func(about string) schema {
		s := open(about)
		s["additionalProperties"] = integer("")
		return s
	}
	share := func(about string, more schema) schema {
		members := schema{"part": count(""), "whole": count(""), "value": orNull(number("part of whole")), "reason": why}
		maps.Copy(members, more)
		return object(about, members, "reason")
	}
	figures := func(more schema) schema {
		members := schema{
			"cases": count("opened in the period; all that follows is of them, as they stand now"),
			"outcomes": object("resolved, escalated, closed and open add up to all cases", schema{"resolved": count(""), "resolved_by_itself": count("no person decided anything"), "resolved_with_person": count(""),
				"escalated": count("with people now"), "escalated_by_reason": counts("by stop code"), "closed": count("ended otherwise"), "closed_by_reason": counts("by stop code"), "open": count("not settled yet"), "open_by_reason": counts("by stop code, or working")}),
			"resolved_by_itself_share": share("of cases that are over or with people, and not merged", nil),
			"time_to_resolution": object("Of resolved cases, from the first opening to the last resolution. Values at a share are the least that so many didn't exceed", schema{"count": count(""), "median_ms": maybe(""), "p90_ms": maybe(""), "p25_ms": maybe(""), "p75_ms": maybe(""),
				"iqr_ms": maybe("from p25 to p75"), "min_ms": maybe(""), "max_ms": maybe(""), "buckets": arrayOf(object("", schema{"up_to_ms": maybe("null for longer than all others"), "count": count("")})), "reason": why}, "reason"),
			"reopened":   share("of cases that ever ended, merged ones aside", nil),
			"follow_ups": share("of resolved cases: the same customer opened another of the same procedure within the time, of those for which the time is over", schema{"within_ms": count(""), "so_far": count("of all that are resolved")}),
		}
		maps.Copy(members, more)
		return object("", members)
	}
	lesson := object("Something that changes what the agent does", schema{"at": moment(""), "what": text("as in correction.taught"), "subject": text("the correction, the version, or procedure and tool")})
	span := object("A piece of the period", schema{"from": moment(""), "to": moment(""), "opened": count("cases"), "escalated": count("handovers to people, each for itself"), "escalated_by_reason": counts("by stop code"),
		"writes":  object("Done and not undone", schema{"by_itself": count(""), "approved": count("a person said yes"), "by_person": count("in place of what the agent would have done")}),
		"learned": object("", schema{"corrections": count("taught"), "triage": count("versions that became active"), "bundles": count("versions that became active"), "suggestions": count("accepted"), "authority_raised": count(""), "authority_lowered": count("")})})
	reliable := func(about string) schema {
		return object(about, schema{"of": count("outcomes"), "right": number("share of them"), "said": number("mean"), "ece": number("expected calibration error, over ten bins"), "ece_low": number("nine of ten samples of these outcomes lie between this"), "ece_high": number("and this"),
			"ece_by_chance": number("what it would be on average were each number the truth"),
			"bins":          arrayOf(object("", schema{"from": number(""), "to": number("and below"), "count": count(""), "said": number("mean"), "right": number("share")}))})
	}
	of := func(name, about string) schema { return orNull(text(about + "; null for all")) }
	return schema{
		"Insights": figures(schema{
			"from": moment("at or after"), "to": moment("and before"), "as_of": moment(""), "time_zone": text("the bundle's"), "procedure": of("procedure", "that all is of"), "bundle": of("bundle", "version that all is of"),
			"entry": count("of the journal, the last that is counted"), "behind": count("entries that aren't counted yet"),
			"procedures": arrayOf(figures(schema{"procedure": text("empty for cases that have none")})),
			"bundles":    arrayOf(figures(schema{"version": text(""), "applied_at": orNull(moment("first")), "activated_at": arrayOf(moment("within the period"))})),
			"effects": arrayOf(object("Writes that were done in the period and not undone since", schema{"procedure": text(""), "tool": text("PLUGIN.TOOL"), "currency": orNull(text("ISO 4217")), "count": count(""),
				"sum_cents": maybe("minor units, exact"), "reason": why}, "reason")),
			"timeline": object("", schema{"by": oneOf("", insights.Day, insights.Week), "items": arrayOf(span)}),
			"learned":  arrayOf(lesson),
			"authority": arrayOf(object("A change of how far the agent may go", schema{"at": moment(""), "procedure": text(""), "tool": text("PLUGIN.TOOL"), "band": text(""), "from": text(string(casefile.LevelPropose)), "to": text(string(casefile.LevelAct)),
				"what": text("proposed, withdrawn, raised or lowered by evidence; accept or refuse by an admin"), "case_id": text("whose decision tipped the scales")}, "case_id")),
			"hours_given_back": object("How long people would have had the cases that the agent resolved by itself", schema{"hours": orNull(number("")), "ms": maybe("the same, exact"), "cases": count("that it is made of"), "cases_without": count("of which nothing is known"), "assumption": text(""), "reason": why,
				"procedures": arrayOf(object("", schema{"procedure": text(""), "cases": count("that the agent resolved by itself"), "each_ms": maybe(""), "basis": oneOf("", insights.BySetting, insights.ByMeasurement, insights.ByAll, insights.ByAssumption, insights.ByNothing), "measured": count("times in the year before the period's end")}))}, "reason"),
			"csat": object("Of signals feedback.received", schema{"responses": count(""), "satisfied": count("with 4 or 5"), "value": orNull(number("share of those")), "mean": orNull(number("of scores from 1 to 5")), "reason": why}, "reason"),
			"models": arrayOf(object("How far what is said of a model's proposals is from what they came to, of all times", schema{"model": text(""), "reliability": reliable("of what was said"), "raw": reliable("of the numbers before calibration"),
				"calibration": object("What such numbers are worth by now", schema{"version": text("empty while too few outcomes are known"), "from": arrayOf(number("")), "right": arrayOf(number("share that was right from there on")), "of": count("outcomes")}, "from", "right", "of")})),
			"churn": object("Of signals customer.churned", schema{"customers": maybe("who left"), "of_customers_with_cases": share("", nil), "reason": why}, "reason"),
		}),
		"BehindFigure":    object("", schema{"case_id": text(""), "at": moment("when it was opened, or when it happened"), "value": maybe("milliseconds, minor units or a score, where the figure is more than a count")}),
		"InsightSettings": insightSettingsShape(),
	}
}

func insightSettingsShape(optional ...string) schema {
	minutes := func(about string) schema {
		s := number(about)
		s["minimum"] = 0
		return s
	}
	each := open("minutes by procedure, which count in place of what was measured")
	each["additionalProperties"] = minutes("")
	least := integer("times it takes to go by what was measured; 5, if absent")
	least["minimum"] = 0
	return object("What is assumed of how long people have cases", schema{"minutes": orNull(minutes("of a case of which nothing else is known")), "procedures": each, "least_measured": least}, optional...)
}
