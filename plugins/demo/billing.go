package demo

import (
	"context"
	"slices"
	"time"

	"go.etcd.io/bbolt"

	"resolute/plugins"
)

type paymentID struct {
	PaymentID string `json:"payment_id" pattern:"^PAY-[0-9]+$" x-resolute:"identity"`
}

type paymentView struct {
	ID             string `json:"id"`
	OrderID        string `json:"order_id" doc:"empty for a subscription's"`
	SubscriptionID string `json:"subscription_id" doc:"empty for an order's"`
	CustomerID     string `json:"customer_id"`
	CustomerEmail  string `json:"customer_email"`
	AmountCents    int64  `json:"amount_cents"`
	RefundedCents  int64  `json:"refunded_cents"`
	Status         string `json:"status" enum:"succeeded,failed"`
	Failure        string `json:"failure" doc:"gateway_timeout, expired_card, or empty"`
	CardLast4      string `json:"card_last4"`
	Attempts       int64  `json:"attempts"`
	At             string `json:"at"`
}

func viewPayment(tx *bbolt.Tx, id string) (paymentView, error) {
	p, err := get[payment](tx, payments, id)
	if err != nil {
		return paymentView{}, err
	}
	c, err := get[customer](tx, customers, p.CustomerID)
	return paymentView{
		ID: p.ID, OrderID: p.OrderID, SubscriptionID: p.SubscriptionID, CustomerID: p.CustomerID, CustomerEmail: c.Email,
		AmountCents: p.AmountCents, RefundedCents: p.RefundedCents, Status: p.Status, Failure: p.Failure,
		CardLast4: p.Card, Attempts: p.Attempts, At: stamp(p.At),
	}, err
}

// paymentsOf gives the payments for an order that went through, oldest first.
func paymentsOf(tx *bbolt.Tx, order string) ([]payment, error) {
	var found []payment
	err := each(tx, payments, func(p payment) {
		if p.OrderID == order && p.Status == "succeeded" {
			found = append(found, p)
		}
	})
	slices.SortStableFunc(found, func(a, b payment) int { return a.At.Compare(b.At) })
	return found, err
}

// chargedFor is what the customer paid for an order, in cents, payments that were given back apart.
func chargedFor(tx *bbolt.Tx, order string) (cents int64, err error) {
	found, err := paymentsOf(tx, order)
	for _, p := range found {
		cents += p.AmountCents - p.RefundedCents
	}
	return cents, err
}

func registerBilling(d desk) {
	read(d, "get_payment", "A payment and whether it went through.",
		func(tx *bbolt.Tx, in paymentID) (paymentView, error) { return viewPayment(tx, in.PaymentID) })

	type orderBilling struct {
		OrderID       string `json:"order_id"`
		ChargedCents  int64  `json:"charged_cents"`
		RefundedCents int64  `json:"refunded_cents"`
	}
	read(d, "get_order_billing", "What was charged for an order and what was given back.",
		func(tx *bbolt.Tx, in orderID) (orderBilling, error) {
			o, err := get[order](tx, orders, in.OrderID)
			if err != nil {
				return orderBilling{}, err
			}
			charged, err := chargedFor(tx, in.OrderID)
			return orderBilling{OrderID: o.ID, ChargedCents: charged, RefundedCents: o.RefundedCents}, err
		})

	type duplicate struct {
		OrderID     string `json:"order_id"`
		Found       bool   `json:"found"`
		PaymentID   string `json:"payment_id" doc:"the second payment, or empty"`
		OfPaymentID string `json:"of_payment_id" doc:"the first one, or empty"`
		AmountCents int64  `json:"amount_cents"`
	}
	read(d, "find_duplicate_charge", "The payment that charged an order a second time, if one did and wasn't given back.",
		func(tx *bbolt.Tx, in orderID) (duplicate, error) {
			found, err := paymentsOf(tx, in.OrderID)
			out := duplicate{OrderID: in.OrderID}
			for i, p := range found {
				if i > 0 && p.AmountCents == found[0].AmountCents && p.RefundedCents == 0 {
					out.Found, out.PaymentID, out.OfPaymentID, out.AmountCents = true, p.ID, found[0].ID, p.AmountCents
					break
				}
			}
			return out, err
		})

	type customerID struct {
		CustomerID string `json:"customer_id" pattern:"^CUS-[0-9]+$" x-resolute:"identity"`
	}
	type cardList struct {
		Items   []card `json:"items"`
		Default string `json:"default" doc:"last four digits"`
	}
	read(d, "list_cards", "The cards that a customer has on file.",
		func(tx *bbolt.Tx, in customerID) (cardList, error) {
			c, err := get[customer](tx, customers, in.CustomerID)
			return cardList{Items: append([]card{}, c.Cards...), Default: c.DefaultCard}, err
		})

	registerPaymentWrites(d)
	registerInvoices(d)
	registerSubscriptions(d)
}

func registerPaymentWrites(d desk) {
	write(d, plugins.Tool[paymentID, paymentView]{Name: "retry_payment", Description: "Charges a failed payment again, to the customer's default card."},
		func(tx *bbolt.Tx, in paymentID) (paymentView, int64, error) {
			p, err := get[payment](tx, payments, in.PaymentID)
			if err != nil {
				return paymentView{}, 0, err
			}
			c, err := get[customer](tx, customers, p.CustomerID)
			if err != nil {
				return paymentView{}, 0, err
			}
			if p.Status == "succeeded" {
				return paymentView{}, 0, plugins.Refuse("already_paid", "%s went through", p.ID)
			}
			for _, card := range c.Cards {
				if card.Last4 == c.DefaultCard && card.Expired {
					return paymentView{}, 0, plugins.Refuse("card_expired", "the card ending in %s expired in %s", card.Last4, card.Expires)
				}
			}
			p.Status, p.Failure, p.Card = "succeeded", "", c.DefaultCard
			p.Attempts++
			if err := put(tx, payments, p.ID, p); err != nil {
				return paymentView{}, 0, err
			}
			v, err := viewPayment(tx, p.ID)
			return v, p.AmountCents, err
		})

	type paymentAmount struct {
		PaymentID   string `json:"payment_id" pattern:"^PAY-[0-9]+$" x-resolute:"identity"`
		AmountCents int64  `json:"amount_cents" minimum:"1" x-resolute:"money"`
	}
	write(d, plugins.Tool[paymentAmount, paymentView]{Name: "refund_payment", Description: "Gives back some or all of a payment."},
		func(tx *bbolt.Tx, in paymentAmount) (paymentView, int64, error) {
			p, err := get[payment](tx, payments, in.PaymentID)
			switch {
			case err != nil:
				return paymentView{}, 0, err
			case p.Status != "succeeded" || in.AmountCents > p.AmountCents-p.RefundedCents:
				return paymentView{}, 0, plugins.Refuse("more_than_paid", "%d cents of %s were paid, %d given back", p.AmountCents, p.ID, p.RefundedCents)
			}
			p.RefundedCents += in.AmountCents
			if err := put(tx, payments, p.ID, p); err != nil {
				return paymentView{}, 0, err
			}
			v, err := viewPayment(tx, p.ID)
			return v, in.AmountCents, err
		})

	type chooseCard struct {
		CustomerID string `json:"customer_id" pattern:"^CUS-[0-9]+$" x-resolute:"identity"`
		Last4      string `json:"last4" pattern:"^[0-9]{4}$" doc:"of a card on file"`
	}
	type chosen struct {
		CustomerID string `json:"customer_id"`
		Default    string `json:"default"`
	}
	write(d, plugins.Tool[chooseCard, chosen]{Name: "set_default_card", Description: "Charges a customer to another card on file from now on."},
		func(tx *bbolt.Tx, in chooseCard) (chosen, int64, error) {
			c, err := get[customer](tx, customers, in.CustomerID)
			if err != nil {
				return chosen{}, 0, err
			}
			for _, card := range c.Cards {
				if card.Last4 == in.Last4 && !card.Expired {
					c.DefaultCard = card.Last4
					return chosen{CustomerID: c.ID, Default: card.Last4}, 0, put(tx, customers, c.ID, c)
				}
			}
			return chosen{}, 0, plugins.Refuse("no_such_card", "no valid card on file ends in %s", in.Last4)
		})
}

func registerInvoices(d desk) {
	type invoiceID struct {
		InvoiceID string `json:"invoice_id" pattern:"^INV-[0-9]+$" x-resolute:"identity"`
	}
	type invoiceView struct {
		ID            string `json:"id"`
		OrderID       string `json:"order_id"`
		CustomerID    string `json:"customer_id"`
		CustomerEmail string `json:"customer_email"`
		Address       string `json:"address" doc:"as printed on it"`
		TotalCents    int64  `json:"total_cents"`
		Revision      int64  `json:"revision" doc:"1 for the first print"`
	}
	view := func(tx *bbolt.Tx, id string) (invoiceView, error) {
		i, err := get[invoice](tx, invoices, id)
		if err != nil {
			return invoiceView{}, err
		}
		c, err := get[customer](tx, customers, i.CustomerID)
		return invoiceView{ID: i.ID, OrderID: i.OrderID, CustomerID: i.CustomerID, CustomerEmail: c.Email, Address: i.Address, TotalCents: i.TotalCents, Revision: i.Revision}, err
	}
	read(d, "get_invoice", "An invoice as it was last printed.",
		func(tx *bbolt.Tx, in invoiceID) (invoiceView, error) { return view(tx, in.InvoiceID) })

	write(d, plugins.Tool[invoiceID, invoiceView]{
		Name: "regenerate_invoice", Description: "Prints an invoice again with the customer's present data. It takes a moment.",
		Async: true,
		Prepare: func(ctx context.Context, _ invoiceID) error {
			t := time.NewTimer(d.c.opts.InvoiceDelay)
			defer t.Stop()
			select {
			case <-t.C:
				return nil
			case <-ctx.Done():
				return ctx.Err()
			}
		},
	}, func(tx *bbolt.Tx, in invoiceID) (invoiceView, int64, error) {
		i, err := get[invoice](tx, invoices, in.InvoiceID)
		if err != nil {
			return invoiceView{}, 0, err
		}
		c, err := get[customer](tx, customers, i.CustomerID)
		if err != nil {
			return invoiceView{}, 0, err
		}
		i.Address = c.Address
		i.Revision++
		if err := put(tx, invoices, i.ID, i); err != nil {
			return invoiceView{}, 0, err
		}
		v, err := view(tx, i.ID)
		return v, 0, err
	})
}
