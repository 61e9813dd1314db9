package demo

import (
	"go.etcd.io/bbolt"

	"resolute/plugins"
)

type subscriptionView struct {
	ID            string `json:"id"`
	CustomerID    string `json:"customer_id"`
	CustomerEmail string `json:"customer_email"`
	Plan          string `json:"plan"`
	Status        string `json:"status" enum:"active,ended" doc:"whether it is paid for"`
	Access        string `json:"access" enum:"active,locked" doc:"whether the product lets the customer in"`
	Override      bool   `json:"override" doc:"whether access was forced by hand"`
	PriceCents    int64  `json:"price_cents" doc:"for 30 days"`
	PaidUntil     string `json:"paid_until"`
	ExtendedDays  int64  `json:"extended_days" doc:"given away so far"`
}

func viewSubscription(tx *bbolt.Tx, s subscription) (subscriptionView, error) {
	c, err := get[customer](tx, customers, s.CustomerID)
	v := subscriptionView{
		ID: s.ID, CustomerID: s.CustomerID, CustomerEmail: c.Email, Plan: s.Plan, Status: s.Status, Access: "locked",
		Override: s.Override, PriceCents: s.PriceCents, PaidUntil: stamp(s.PaidUntil), ExtendedDays: s.ExtendedDays,
	}
	if s.Entitlement == "good" || s.Entitlement == "stale" && s.Override {
		v.Access = "active"
	}
	return v, err
}

func registerSubscriptions(d desk) {
	type subscriptionID struct {
		SubscriptionID string `json:"subscription_id" pattern:"^SUB-[0-9]+$" x-resolute:"identity"`
	}
	read(d, "get_subscription", "A subscription, what it paid for, and whether the product lets the customer in.",
		func(tx *bbolt.Tx, in subscriptionID) (subscriptionView, error) {
			s, err := get[subscription](tx, subscriptions, in.SubscriptionID)
			if err != nil {
				return subscriptionView{}, err
			}
			return viewSubscription(tx, s)
		})

	// change applies f to a subscription and shows it as it is then.
	change := func(tx *bbolt.Tx, id string, f func(*subscription) error) (subscriptionView, error) {
		s, err := get[subscription](tx, subscriptions, id)
		if err != nil {
			return subscriptionView{}, err
		}
		if err := f(&s); err != nil {
			return subscriptionView{}, err
		}
		if err := put(tx, subscriptions, s.ID, s); err != nil {
			return subscriptionView{}, err
		}
		return viewSubscription(tx, s)
	}

	type extension struct {
		SubscriptionID string `json:"subscription_id" pattern:"^SUB-[0-9]+$" x-resolute:"identity"`
		Days           int64  `json:"days" minimum:"1" maximum:"90"`
	}
	write(d, plugins.Tool[extension, subscriptionView]{Name: "extend_subscription", Description: "Gives a subscription more days for free."},
		func(tx *bbolt.Tx, in extension) (subscriptionView, int64, error) {
			v, err := change(tx, in.SubscriptionID, func(s *subscription) error {
				s.PaidUntil = s.PaidUntil.AddDate(0, 0, int(in.Days))
				s.ExtendedDays += in.Days
				return nil
			})
			return v, v.PriceCents * in.Days / 30, err
		})

	type override struct {
		SubscriptionID string `json:"subscription_id" pattern:"^SUB-[0-9]+$" x-resolute:"identity"`
		Enabled        bool   `json:"enabled"`
	}
	write(d, plugins.Tool[override, subscriptionView]{Name: "set_override", Description: "Forces access by hand, or stops forcing it; helps when the entitlement is stale."},
		func(tx *bbolt.Tx, in override) (subscriptionView, int64, error) {
			v, err := change(tx, in.SubscriptionID, func(s *subscription) error {
				s.Override = in.Enabled
				return nil
			})
			return v, 0, err
		})

	write(d, plugins.Tool[subscriptionID, subscriptionView]{Name: "rebuild_access", Description: "Writes the entitlement anew from what was paid for."},
		func(tx *bbolt.Tx, in subscriptionID) (subscriptionView, int64, error) {
			v, err := change(tx, in.SubscriptionID, func(s *subscription) error {
				if s.Status != "active" {
					return plugins.Refuse("not_paid", "%s isn't paid for", s.ID)
				}
				s.Entitlement = "good"
				return nil
			})
			return v, 0, err
		})
}
