package demo

import (
	"go.etcd.io/bbolt"

	"resolute/plugins"
)

func registerOps(d desk) {
	type deliveryID struct {
		DeliveryID string `json:"delivery_id" pattern:"^WHD-[0-9]+$" x-resolute:"identity"`
	}
	type deliveryView struct {
		ID              string `json:"id"`
		CustomerID      string `json:"customer_id"`
		CustomerEmail   string `json:"customer_email"`
		Event           string `json:"event"`
		Endpoint        string `json:"endpoint"`
		Status          string `json:"status" enum:"failed,delivered"`
		LastCode        int64  `json:"last_code" doc:"HTTP status of the last try"`
		Attempts        int64  `json:"attempts"`
		EndpointHealthy bool   `json:"endpoint_healthy" doc:"whether the endpoint answers again"`
	}
	view := func(tx *bbolt.Tx, id string) (deliveryView, delivery, error) {
		w, err := get[delivery](tx, deliveries, id)
		if err != nil {
			return deliveryView{}, w, err
		}
		c, err := get[customer](tx, customers, w.CustomerID)
		return deliveryView{
			ID: w.ID, CustomerID: w.CustomerID, CustomerEmail: c.Email, Event: w.Event, Endpoint: w.Endpoint, Status: w.Status,
			LastCode: w.LastCode, Attempts: w.Attempts, EndpointHealthy: w.EndpointHealthy,
		}, w, err
	}
	read(d, "get_delivery", "A webhook delivery to a customer's system.",
		func(tx *bbolt.Tx, in deliveryID) (deliveryView, error) {
			v, _, err := view(tx, in.DeliveryID)
			return v, err
		})
	write(d, plugins.Tool[deliveryID, deliveryView]{Name: "replay_webhook", Description: "Sends a webhook delivery again."},
		func(tx *bbolt.Tx, in deliveryID) (deliveryView, int64, error) {
			_, w, err := view(tx, in.DeliveryID)
			switch {
			case err != nil:
				return deliveryView{}, 0, err
			case w.Status == "delivered":
				return deliveryView{}, 0, plugins.Refuse("already_delivered", "%s arrived", w.ID)
			}
			w.Attempts++
			if w.EndpointHealthy {
				w.Status, w.LastCode = "delivered", 200
			}
			if err := put(tx, deliveries, w.ID, w); err != nil {
				return deliveryView{}, 0, err
			}
			v, _, err := view(tx, w.ID)
			return v, 0, err
		})

	type flagKey struct {
		FlagKey string `json:"flag_key" pattern:"^[a-z0-9-]+$"`
	}
	type flagView struct {
		Key             string `json:"key"`
		Enabled         bool   `json:"enabled"`
		Intended        bool   `json:"intended" doc:"as the release plan has it"`
		ChangedBy       string `json:"changed_by"`
		ChangeID        string `json:"change_id"`
		ChangedAt       string `json:"changed_at"`
		ErrorsPerMinute int64  `json:"errors_per_minute"`
	}
	show := func(f flag) flagView {
		return flagView{Key: f.Key, Enabled: f.Enabled, Intended: f.Intended, ChangedBy: f.ChangedBy, ChangeID: f.ChangeID, ChangedAt: stamp(f.ChangedAt), ErrorsPerMinute: f.ErrorsPerMinute}
	}
	read(d, "get_flag", "A feature flag, who changed it last, and the errors behind it.",
		func(tx *bbolt.Tx, in flagKey) (flagView, error) {
			f, err := get[flag](tx, flags, in.FlagKey)
			return show(f), err
		})
	type setFlag struct {
		FlagKey string `json:"flag_key" pattern:"^[a-z0-9-]+$"`
		Enabled bool   `json:"enabled"`
	}
	write(d, plugins.Tool[setFlag, flagView]{Name: "set_flag", Description: "Switches a feature flag on or off."},
		func(tx *bbolt.Tx, in setFlag) (flagView, int64, error) {
			f, err := get[flag](tx, flags, in.FlagKey)
			if err != nil {
				return flagView{}, 0, err
			}
			f.Enabled, f.ChangedBy, f.ChangedAt = in.Enabled, "resolute", d.c.opts.Now()
			if f.Enabled == f.Intended {
				f.ErrorsPerMinute = 0
			}
			return show(f), 0, put(tx, flags, f.Key, f)
		})

	type customerID struct {
		CustomerID string `json:"customer_id" pattern:"^CUS-[0-9]+$" x-resolute:"identity"`
	}
	type usageView struct {
		CustomerID    string `json:"customer_id"`
		Seats         int64  `json:"seats"`
		ActiveSeats   int64  `json:"active_seats"`
		ChangePercent int64  `json:"change_percent" doc:"of active seats against the month before"`
		Incidents30d  int64  `json:"incidents_30d" doc:"outages that hit this customer in 30 days"`
	}
	read(d, "get_usage", "How much a customer uses the product, and the outages that hit them.",
		func(tx *bbolt.Tx, in customerID) (usageView, error) {
			c, err := get[customer](tx, customers, in.CustomerID)
			u := c.Usage
			return usageView{CustomerID: c.ID, Seats: int64(u.Seats), ActiveSeats: int64(u.ActiveSeats), ChangePercent: int64(u.ChangePercent), Incidents30d: int64(u.Incidents30d)}, err
		})
}
