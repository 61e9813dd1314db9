package demo

import (
	"time"

	"go.etcd.io/bbolt"

	"resolute/plugins"
)

type orderID struct {
	OrderID string `json:"order_id" pattern:"^ORD-[0-9]{4,}$" x-resolute:"identity"`
}

type orderView struct {
	ID               string `json:"id"`
	CustomerID       string `json:"customer_id"`
	CustomerEmail    string `json:"customer_email"`
	CustomerName     string `json:"customer_name"`
	Item             string `json:"item" doc:"name of the first line"`
	SKU              string `json:"sku" doc:"of the first line"`
	Lines            []line `json:"lines"`
	TotalCents       int64  `json:"total_cents" x-resolute:"money"`
	ShippedCents     int64  `json:"shipped_cents" doc:"value of what was shipped"`
	MissingCents     int64  `json:"missing_cents" doc:"value of what was ordered and not shipped"`
	MissingItem      string `json:"missing_item" doc:"name of the first line that wasn't shipped in full, or empty"`
	MissingSKU       string `json:"missing_sku"`
	RefundedCents    int64  `json:"refunded_cents"`
	RefundableCents  int64  `json:"refundable_cents" doc:"what was paid and not refunded yet"`
	Currency         string `json:"currency"`
	ReplacementID    string `json:"replacement_id" doc:"empty if there is none"`
	ReplacementETA   string `json:"replacement_eta"`
	Hold             string `json:"hold" doc:"why it isn't shipped, or empty"`
	OrderedAt        string `json:"ordered_at"`
	DeliveredAt      string `json:"delivered_at" doc:"empty before it is"`
	ReturnReceivedAt string `json:"return_received_at" doc:"empty unless the goods came back"`
}

func viewOrder(tx *bbolt.Tx, o order) (orderView, error) {
	c, err := get[customer](tx, customers, o.CustomerID)
	if err != nil {
		return orderView{}, err
	}
	v := orderView{
		ID: o.ID, CustomerID: c.ID, CustomerEmail: c.Email, CustomerName: c.Name, Lines: o.Lines,
		RefundedCents: o.RefundedCents, Currency: "USD", ReplacementID: o.ReplacementID,
		ReplacementETA: stamp(o.ReplacementETA), Hold: o.Hold, OrderedAt: stamp(o.OrderedAt),
		DeliveredAt: stamp(o.DeliveredAt), ReturnReceivedAt: stamp(o.ReturnReceivedAt),
	}
	for i, l := range o.Lines {
		if i == 0 {
			v.Item, v.SKU = l.Item, l.SKU
		}
		v.TotalCents += l.Quantity * l.UnitCents
		v.ShippedCents += l.Shipped * l.UnitCents
		if l.Shipped < l.Quantity && v.MissingItem == "" {
			v.MissingItem, v.MissingSKU = l.Item, l.SKU
		}
	}
	v.MissingCents = v.TotalCents - v.ShippedCents
	v.RefundableCents = v.TotalCents - v.RefundedCents
	return v, nil
}

type shipmentView struct {
	ID            string `json:"id"`
	OrderID       string `json:"order_id"`
	CustomerID    string `json:"customer_id"`
	CustomerEmail string `json:"customer_email"`
	Carrier       string `json:"carrier"`
	Status        string `json:"status" enum:"in_transit,delivered"`
	LastScanAt    string `json:"last_scan_at"`
	CreditedCents int64  `json:"credited_cents" doc:"credit given for its delay"`
	Tier          string `json:"tier" doc:"service level of the customer"`
}

func viewShipment(tx *bbolt.Tx, s shipment) (shipmentView, error) {
	o, err := get[order](tx, orders, s.OrderID)
	if err != nil {
		return shipmentView{}, err
	}
	c, err := get[customer](tx, customers, o.CustomerID)
	if err != nil {
		return shipmentView{}, err
	}
	return shipmentView{
		ID: s.ID, OrderID: s.OrderID, CustomerID: c.ID, CustomerEmail: c.Email, Carrier: s.Carrier,
		Status: s.Status, LastScanAt: stamp(s.LastScanAt), CreditedCents: s.CreditedCents, Tier: c.Tier,
	}, nil
}

func registerShop(d desk) {
	read(d, "get_order", "An order with its lines, what was shipped, refunded and replaced.",
		func(tx *bbolt.Tx, in orderID) (orderView, error) {
			o, err := get[order](tx, orders, in.OrderID)
			if err != nil {
				return orderView{}, err
			}
			return viewOrder(tx, o)
		})

	type sku struct {
		SKU string `json:"sku"`
	}
	type stockView struct {
		SKU       string `json:"sku"`
		Item      string `json:"item"`
		Available int64  `json:"available"`
	}
	read(d, "get_stock", "How many of an item can be sent at once.",
		func(tx *bbolt.Tx, in sku) (stockView, error) {
			s, err := get[stock](tx, stocks, in.SKU)
			return stockView(s), err
		})

	type customerID struct {
		CustomerID string `json:"customer_id" pattern:"^CUS-[0-9]+$" x-resolute:"identity"`
	}
	type customerView struct {
		ID      string `json:"id"`
		Name    string `json:"name"`
		Email   string `json:"email"`
		Address string `json:"address"`
		Tier    string `json:"tier" enum:"standard,gold"`
	}
	read(d, "get_customer", "A customer's name, addresses and service level.",
		func(tx *bbolt.Tx, in customerID) (customerView, error) {
			c, err := get[customer](tx, customers, in.CustomerID)
			return customerView{ID: c.ID, Name: c.Name, Email: c.Email, Address: c.Address, Tier: c.Tier}, err
		})

	type tier struct {
		Tier string `json:"tier" enum:"standard,gold"`
	}
	type serviceLevel struct {
		Tier              string `json:"tier"`
		StalledAfterHours int64  `json:"stalled_after_hours"`
		CreditPercent     int64  `json:"credit_percent" doc:"of the order's total, once a shipment stalled"`
	}
	read(d, "get_service_level", "What the service level promises for shipments that stall.",
		func(_ *bbolt.Tx, in tier) (serviceLevel, error) {
			if in.Tier == "gold" {
				return serviceLevel{Tier: in.Tier, StalledAfterHours: 72, CreditPercent: 20}, nil
			}
			return serviceLevel{Tier: in.Tier, StalledAfterHours: 72, CreditPercent: 10}, nil
		})

	type status struct {
		Status string `json:"status,omitempty" enum:"in_transit,delivered"`
	}
	type shipmentList struct {
		Items []shipmentView `json:"items"`
	}
	read(d, "list_shipments", "All shipments, or those with a status.",
		func(tx *bbolt.Tx, in status) (shipmentList, error) {
			list := shipmentList{Items: []shipmentView{}}
			var found []shipment
			err := each(tx, shipments, func(s shipment) {
				if in.Status == "" || in.Status == s.Status {
					found = append(found, s)
				}
			})
			for _, s := range found {
				var v shipmentView
				if v, err = viewShipment(tx, s); err != nil {
					return list, err
				}
				list.Items = append(list.Items, v)
			}
			return list, err
		})

	type shipmentID struct {
		ShipmentID string `json:"shipment_id" pattern:"^SHP-[0-9]+$" x-resolute:"identity"`
	}
	read(d, "get_shipment", "Where a shipment was last seen, and what was credited for it.",
		func(tx *bbolt.Tx, in shipmentID) (shipmentView, error) {
			s, err := get[shipment](tx, shipments, in.ShipmentID)
			if err != nil {
				return shipmentView{}, err
			}
			return viewShipment(tx, s)
		})

	registerShopWrites(d)
}

func registerShopWrites(d desk) {
	type replacement struct {
		ReplacementID string `json:"replacement_id"`
		OrderID       string `json:"order_id"`
		ETA           string `json:"eta"`
		ETADay        string `json:"eta_day" doc:"the same day as people write it"`
	}
	write(d, plugins.Tool[orderID, replacement]{Name: "create_replacement", Description: "Sends the first line of an order again, for free."},
		func(tx *bbolt.Tx, in orderID) (replacement, int64, error) {
			o, err := get[order](tx, orders, in.OrderID)
			if err != nil {
				return replacement{}, 0, err
			}
			s, err := get[stock](tx, stocks, o.Lines[0].SKU)
			switch {
			case err != nil:
				return replacement{}, 0, err
			case o.ReplacementID != "":
				return replacement{}, 0, plugins.Refuse("already_replaced", "%s was replaced by %s", o.ID, o.ReplacementID)
			case o.RefundedCents > 0:
				return replacement{}, 0, plugins.Refuse("already_refunded", "%s was refunded", o.ID)
			case s.Available < o.Lines[0].Quantity:
				return replacement{}, 0, plugins.Refuse("out_of_stock", "%d of %s are left", s.Available, s.Item)
			}
			s.Available -= o.Lines[0].Quantity
			if err := put(tx, stocks, s.SKU, s); err != nil {
				return replacement{}, 0, err
			}
			if o.ReplacementID, err = nextID(tx, orders, "RPL"); err != nil {
				return replacement{}, 0, err
			}
			o.ReplacementETA = d.c.opts.Now().Add(3 * 24 * time.Hour)
			r := replacement{ReplacementID: o.ReplacementID, OrderID: o.ID, ETA: stamp(o.ReplacementETA), ETADay: o.ReplacementETA.Format("Monday, 2 January")}
			return r, 0, put(tx, orders, o.ID, o)
		})

	type orderAmount struct {
		OrderID     string `json:"order_id" pattern:"^ORD-[0-9]{4,}$" x-resolute:"identity"`
		AmountCents int64  `json:"amount_cents" minimum:"1" x-resolute:"money"`
	}
	type refund struct {
		OrderID       string `json:"order_id"`
		AmountCents   int64  `json:"amount_cents"`
		RefundedCents int64  `json:"refunded_cents" doc:"of the order in all"`
	}
	write(d, plugins.Tool[orderAmount, refund]{Name: "refund_order", Description: "Gives back some or all of what an order cost."},
		func(tx *bbolt.Tx, in orderAmount) (refund, int64, error) {
			o, err := get[order](tx, orders, in.OrderID)
			if err != nil {
				return refund{}, 0, err
			}
			v, err := viewOrder(tx, o)
			if err != nil {
				return refund{}, 0, err
			}
			if in.AmountCents > v.RefundableCents {
				return refund{}, 0, plugins.Refuse("more_than_paid", "%d cents of %s can still be refunded", v.RefundableCents, o.ID)
			}
			o.RefundedCents += in.AmountCents
			return refund{OrderID: o.ID, AmountCents: in.AmountCents, RefundedCents: o.RefundedCents}, in.AmountCents, put(tx, orders, o.ID, o)
		})

	type shipmentAmount struct {
		ShipmentID  string `json:"shipment_id" pattern:"^SHP-[0-9]+$" x-resolute:"identity"`
		AmountCents int64  `json:"amount_cents" minimum:"1" x-resolute:"money"`
	}
	type credit struct {
		ShipmentID    string `json:"shipment_id"`
		CreditedCents int64  `json:"credited_cents"`
	}
	write(d, plugins.Tool[shipmentAmount, credit]{Name: "credit_shipment", Description: "Credits the customer for a late shipment, once."},
		func(tx *bbolt.Tx, in shipmentAmount) (credit, int64, error) {
			s, err := get[shipment](tx, shipments, in.ShipmentID)
			switch {
			case err != nil:
				return credit{}, 0, err
			case s.CreditedCents > 0:
				return credit{}, 0, plugins.Refuse("already_credited", "%d cents were credited for %s", s.CreditedCents, s.ID)
			}
			s.CreditedCents = in.AmountCents
			return credit{ShipmentID: s.ID, CreditedCents: s.CreditedCents}, in.AmountCents, put(tx, shipments, s.ID, s)
		})

	type released struct {
		OrderID string `json:"order_id"`
		Hold    string `json:"hold"`
	}
	write(d, plugins.Tool[orderID, released]{Name: "release_hold", Description: "Lets an order ship that was held for its payment."},
		func(tx *bbolt.Tx, in orderID) (released, int64, error) {
			o, err := get[order](tx, orders, in.OrderID)
			if err != nil {
				return released{}, 0, err
			}
			charged, err := chargedFor(tx, o.ID)
			if err != nil {
				return released{}, 0, err
			}
			if charged == 0 {
				return released{}, 0, plugins.Refuse("not_paid", "%s isn't paid", o.ID)
			}
			o.Hold = ""
			return released{OrderID: o.ID}, 0, put(tx, orders, o.ID, o)
		})
}
