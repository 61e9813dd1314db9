package demo

import (
	"encoding/json"
	"fmt"
	"time"

	"go.etcd.io/bbolt"

	"resolute/plugins"
)

// The company's records. Each kind has a bucket, by id.

type customer struct {
	ID, Name, Email, Address string
	Tier                     string // standard or gold
	Cards                    []card
	DefaultCard              string // its last four digits
	Usage                    usage
}

type card struct {
	Last4   string `json:"last4"`
	Brand   string `json:"brand"`
	Expires string `json:"expires" doc:"year and month"`
	Expired bool   `json:"expired"`
}

type usage struct {
	Seats, ActiveSeats, ChangePercent, Incidents30d int
}

type order struct {
	ID, CustomerID                           string
	Lines                                    []line
	OrderedAt, DeliveredAt, ReturnReceivedAt time.Time // zero when it hasn't happened
	RefundedCents                            int64
	ReplacementID                            string
	ReplacementETA                           time.Time
	Hold                                     string // why it isn't shipped; empty if nothing holds it
}

type line struct {
	SKU       string `json:"sku"`
	Item      string `json:"item"`
	Quantity  int64  `json:"quantity"`
	Shipped   int64  `json:"shipped"`
	UnitCents int64  `json:"unit_cents"`
}

type stock struct {
	SKU, Item string
	Available int64
}

type shipment struct {
	ID, OrderID, Carrier, Status string
	LastScanAt                   time.Time
	CreditedCents                int64
}

type payment struct {
	ID, OrderID, SubscriptionID, CustomerID string
	AmountCents, RefundedCents              int64
	Status                                  string // succeeded or failed
	Failure                                 string // gateway_timeout, expired_card, or empty
	Card                                    string // last four digits
	Attempts                                int64
	At                                      time.Time
}

type invoice struct {
	ID, OrderID, CustomerID, Address string
	TotalCents, Revision             int64
}

type subscription struct {
	ID, CustomerID, Plan, Status string
	PriceCents                   int64 // for 30 days
	PaidUntil                    time.Time
	ExtendedDays                 int64
	Entitlement                  string // good, stale or damaged: what the product really looks at
	Override                     bool   // helps a stale entitlement, not a damaged one
}

type delivery struct {
	ID, CustomerID, Event, Endpoint, Status string
	LastCode, Attempts                      int64
	EndpointHealthy                         bool
}

type flag struct {
	Key, ChangedBy, ChangeID string
	Enabled, Intended        bool
	ErrorsPerMinute          int64
	ChangedAt                time.Time
}

const (
	customers     = "customers"
	orders        = "orders"
	stocks        = "stock"
	shipments     = "shipments"
	payments      = "payments"
	invoices      = "invoices"
	subscriptions = "subscriptions"
	deliveries    = "deliveries"
	flags         = "flags"
	ledger        = "ledger"
	faults        = "faults"
	meta          = "meta"
)

// get reads the record called id, and refuses with not_found when there is none.
func get[T any](tx *bbolt.Tx, bucket, id string) (v T, err error) {
	raw := tx.Bucket([]byte(bucket)).Get([]byte(id))
	if raw == nil {
		return v, plugins.Refuse("not_found", "there is no %s in %s", id, bucket)
	}
	if err := json.Unmarshal(raw, &v); err != nil {
		return v, fmt.Errorf("read %s of %s: %w", id, bucket, err)
	}
	return v, nil
}

func put[T any](tx *bbolt.Tx, bucket, id string, v T) error {
	raw, err := json.Marshal(v)
	if err != nil {
		return fmt.Errorf("encode %s of %s: %w", id, bucket, err)
	}
	return tx.Bucket([]byte(bucket)).Put([]byte(id), raw)
}

// each visits the records of bucket by ascending id.
func each[T any](tx *bbolt.Tx, bucket string, visit func(T)) error {
	return tx.Bucket([]byte(bucket)).ForEach(func(id, raw []byte) error {
		var v T
		if err := json.Unmarshal(raw, &v); err != nil {
			return fmt.Errorf("read %s of %s: %w", id, bucket, err)
		}
		visit(v)
		return nil
	})
}

// nextID gives the next id of a bucket's new records, such as RPL-1.
func nextID(tx *bbolt.Tx, bucket, prefix string) (string, error) {
	n, err := tx.Bucket([]byte(bucket)).NextSequence()
	return fmt.Sprintf("%s-%d", prefix, n), err
}

// stamp writes t as RFC 3339, or the empty text when it hasn't happened: results always have all
// their fields, so that an expression on them never meets an absent one.
func stamp(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.RFC3339)
}
