package demo

import (
	"errors"
	"time"

	"go.etcd.io/bbolt"
)

// seed fills a new file; one that was seeded before stays as it is.
func seed(tx *bbolt.Tx, now time.Time) error {
	if tx.Bucket([]byte(meta)) != nil {
		return nil
	}
	for _, name := range []string{customers, orders, stocks, shipments, payments, invoices, subscriptions, deliveries, flags, ledger, faults, meta} {
		if _, err := tx.CreateBucket([]byte(name)); err != nil {
			return err
		}
	}
	now = now.Truncate(time.Second)
	return errors.Join(
		seedCustomers(tx),
		seedOrders(tx, now),
		seedPayments(tx, now),
		seedRest(tx, now),
		// the gateway takes the money of this one and its answer gets lost
		plant(tx, Fault{Tool: "billing.retry_payment", Kind: "timeout_after_effect", Match: map[string]any{"payment_id": "PAY-2001"}}),
	)
}

func days(n int) time.Duration { return time.Duration(n) * 24 * time.Hour }

func seedCustomers(tx *bbolt.Tx) error {
	valid := []card{{Last4: "7731", Brand: "visa", Expires: "2031-04"}}
	for _, c := range []customer{
		{ID: "CUS-101", Name: "Mara Lindqvist", Email: "mara@lindqvist.example", Address: "Strandgatan 8, Visby"},
		{ID: "CUS-102", Name: "Tomas Okafor", Email: "tomas.okafor@mail.example", Address: "14 Palm Grove, Lagos"},
		{ID: "CUS-103", Name: "Priya Nandakumar", Email: "priya@nandakumar.example", Address: "22 Lake Road, Pune"},
		{ID: "CUS-104", Name: "Jonas Weber", Email: "jonas@weber-holz.example", Address: "Mühlenweg 3, Celle", Tier: "gold"},
		{ID: "CUS-105", Name: "Aiko Tanaka", Email: "aiko@tanaka.example", Address: "5-2 Kitazawa, Tokyo"},
		{ID: "CUS-106", Name: "Luis Ferreira", Email: "luis@ferreira.example", Address: "Rua do Sol 41, Porto", DefaultCard: "1881", Cards: []card{
			{Last4: "1881", Brand: "visa", Expires: "2025-12", Expired: true},
			{Last4: "4242", Brand: "mastercard", Expires: "2030-08"},
		}},
		{ID: "CUS-107", Name: "Hannah Brooks", Email: "hannah.brooks@mail.example", Address: "9 Orchard Lane, Bristol"},
		{ID: "CUS-108", Name: "Viktor Dahl", Email: "viktor.dahl@mail.example", Address: "Havnegata 2, Bergen"},
		{ID: "CUS-109", Name: "Grace Mbeki", Email: "grace@mbeki.example", Address: "77 Long Street, Cape Town"},
		{ID: "CUS-110", Name: "Alder & Finch Studio", Email: "it@alderfinch.example", Address: "3 Dock Square, Boston", Tier: "gold"},
		{ID: "CUS-111", Name: "Northlight Architects", Email: "accounts@northlight.example", Address: "210 Harbour Street, Halifax"},
		{ID: "CUS-112", Name: "Dana Petrov", Email: "dana.petrov@mail.example", Address: "18 Vitosha Blvd, Sofia"},
		{ID: "CUS-113", Name: "Elif Kaya", Email: "elif@kaya.example", Address: "Moda Caddesi 60, Istanbul"},
		{ID: "CUS-114", Name: "Samir Haddad", Email: "samir@haddad.example", Address: "Rue Hamra 12, Beirut"},
		{ID: "CUS-115", Name: "Rex Malone", Email: "rex.malone@mail.example", Address: "4 Canal Walk, Dublin"},
		{ID: "CUS-116", Name: "Birch Lane Cafe", Email: "owner@birchlane.example", Address: "31 Birch Lane, Portland", Usage: usage{Seats: 12, ActiveSeats: 3, ChangePercent: -70, Incidents30d: 2}},
		{ID: "CUS-117", Name: "Ines Moreau", Email: "ines.moreau@mail.example", Address: "6 Quai des Arts, Nantes"},
	} {
		if c.Tier == "" {
			c.Tier = "standard"
		}
		if c.Cards == nil {
			c.Cards, c.DefaultCard = valid, valid[0].Last4
		}
		if err := put(tx, customers, c.ID, c); err != nil {
			return err
		}
	}
	return nil
}

func seedOrders(tx *bbolt.Tx, now time.Time) error {
	for _, s := range []stock{
		{"BLD-1", "Countertop blender", 14},
		{"STW-6", "Stoneware set", 0},
		{"CHR-2", "Oak chair", 6},
		{"CSH-4", "Linen cushion", 0},
		{"LMP-3", "Brass desk lamp", 5},
		{"KTL-1", "Pour-over kettle", 9},
		{"DSK-1", "Standing desk", 2},
	} {
		if err := put(tx, stocks, s.SKU, s); err != nil {
			return err
		}
	}
	one := func(sku, item string, cents int64) []line {
		return []line{{SKU: sku, Item: item, Quantity: 1, Shipped: 1, UnitCents: cents}}
	}
	for _, o := range []order{
		{ID: "ORD-1001", CustomerID: "CUS-101", Lines: one("BLD-1", "Countertop blender", 8900), DeliveredAt: now.Add(-days(2))},
		{ID: "ORD-1002", CustomerID: "CUS-102", Lines: one("STW-6", "Stoneware set", 6400), DeliveredAt: now.Add(-days(1))},
		{ID: "ORD-1003", CustomerID: "CUS-103", DeliveredAt: now.Add(-days(3)), Lines: []line{
			{SKU: "CHR-2", Item: "Oak chair", Quantity: 2, Shipped: 2, UnitCents: 14500},
			{SKU: "CSH-4", Item: "Linen cushion", Quantity: 1, Shipped: 0, UnitCents: 2900},
		}},
		{ID: "ORD-1004", CustomerID: "CUS-104", Lines: one("LMP-3", "Brass desk lamp", 15000)},
		{ID: "ORD-1006", CustomerID: "CUS-107", Lines: one("DSK-1", "Standing desk", 18900), DeliveredAt: now.Add(-days(4))},
		{ID: "ORD-1007", CustomerID: "CUS-109", Lines: one("LMP-3", "Brass desk lamp", 15000), DeliveredAt: now.Add(-days(5))},
		{ID: "ORD-1008", CustomerID: "CUS-115", Lines: one("KTL-1", "Pour-over kettle", 3400), DeliveredAt: now.Add(-days(12)), ReturnReceivedAt: now.Add(-days(1))},
		{ID: "ORD-1009", CustomerID: "CUS-112", Lines: one("KTL-1", "Pour-over kettle", 3400), DeliveredAt: now.Add(-days(2))},
		{ID: "ORD-1010", CustomerID: "CUS-113", Lines: one("CHR-2", "Oak chair", 14500), Hold: "payment"},
		{ID: "ORD-1011", CustomerID: "CUS-105", Lines: one("BLD-1", "Countertop blender", 8900)},
		{ID: "ORD-1012", CustomerID: "CUS-111", Lines: one("DSK-1", "Standing desk", 18900), DeliveredAt: now.Add(-days(9))},
		{ID: "ORD-1013", CustomerID: "CUS-110", Lines: one("LMP-3", "Brass desk lamp", 15000)},
	} {
		o.OrderedAt = now.Add(-days(14))
		if err := put(tx, orders, o.ID, o); err != nil {
			return err
		}
	}
	for _, s := range []shipment{
		{ID: "SHP-7001", OrderID: "ORD-1001", Carrier: "Swiftpost", Status: "delivered", LastScanAt: now.Add(-days(2))},
		{ID: "SHP-7004", OrderID: "ORD-1004", Carrier: "Northern Freight", Status: "in_transit", LastScanAt: now.Add(-days(6))},
		{ID: "SHP-7013", OrderID: "ORD-1013", Carrier: "Swiftpost", Status: "in_transit", LastScanAt: now.Add(-5 * time.Hour)},
	} {
		if err := put(tx, shipments, s.ID, s); err != nil {
			return err
		}
	}
	return nil
}

func seedPayments(tx *bbolt.Tx, now time.Time) error {
	for _, p := range []payment{
		{ID: "PAY-2001", OrderID: "ORD-1011", CustomerID: "CUS-105", AmountCents: 8900, Status: "failed", Failure: "gateway_timeout", Card: "7731"},
		{ID: "PAY-2002", SubscriptionID: "SUB-4001", CustomerID: "CUS-106", AmountCents: 2900, Status: "failed", Failure: "expired_card", Card: "1881"},
		{ID: "PAY-2003", OrderID: "ORD-1006", CustomerID: "CUS-107", AmountCents: 18900, Status: "succeeded", Card: "7731"},
		{ID: "PAY-2004", OrderID: "ORD-1010", CustomerID: "CUS-113", AmountCents: 14500, Status: "succeeded", Card: "7731"},
		{ID: "PAY-2005", OrderID: "ORD-1003", CustomerID: "CUS-103", AmountCents: 31900, Status: "succeeded", Card: "7731"},
		{ID: "PAY-2013", OrderID: "ORD-1006", CustomerID: "CUS-107", AmountCents: 18900, Status: "succeeded", Card: "7731", At: now.Add(-days(14) + 40*time.Second)},
	} {
		p.Attempts = 1
		if p.At.IsZero() {
			p.At = now.Add(-days(14))
		}
		if err := put(tx, payments, p.ID, p); err != nil {
			return err
		}
	}
	return nil
}

func seedRest(tx *bbolt.Tx, now time.Time) error {
	for _, s := range []subscription{
		{ID: "SUB-4001", CustomerID: "CUS-106", Plan: "Refill", Status: "active", PriceCents: 2900, PaidUntil: now.Add(days(1)), Entitlement: "good"},
		{ID: "SUB-4002", CustomerID: "CUS-114", Plan: "Pro", Status: "active", PriceCents: 4900, PaidUntil: now.Add(days(29)), Entitlement: "damaged"},
		{ID: "SUB-4003", CustomerID: "CUS-116", Plan: "Team", Status: "active", PriceCents: 12000, PaidUntil: now.Add(days(11)), Entitlement: "good"},
	} {
		if err := put(tx, subscriptions, s.ID, s); err != nil {
			return err
		}
	}
	return errors.Join(
		put(tx, invoices, "INV-3001", invoice{ID: "INV-3001", OrderID: "ORD-1012", CustomerID: "CUS-111", Address: "8 Mill Court, Truro", TotalCents: 18900, Revision: 1}),
		put(tx, deliveries, "WHD-6001", delivery{ID: "WHD-6001", CustomerID: "CUS-110", Event: "order.shipped", Endpoint: "https://hooks.alderfinch.example/fernhill", Status: "failed", LastCode: 503, Attempts: 4, EndpointHealthy: true}),
		put(tx, flags, "checkout-v2", flag{Key: "checkout-v2", Enabled: true, Intended: false, ChangedBy: "upstream-sync", ChangeID: "CHG-8841", ChangedAt: now.Add(-12 * time.Minute), ErrorsPerMinute: 46}),
	)
}
