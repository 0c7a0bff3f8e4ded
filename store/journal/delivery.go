package journal

import (
	"context"
	"fmt"
	"time"

	"zombiezen.com/go/sqlite"
)

const endpointColumns = `id, url, secret, events, created_us, removed_us`

func scanEndpoint(st *sqlite.Stmt) (Endpoint, error) {
	events, err := columnList(st, 3)
	return Endpoint{
		ID: st.ColumnText(0), URL: st.ColumnText(1), Secret: columnBytes(st, 2), Events: events,
		Created: columnTime(st, 4), Removed: columnTime(st, 5),
	}, err
}

// PutEndpoint keeps an endpoint in place of the one with its id, if there is one.
func (t *Tx) PutEndpoint(e Endpoint) error {
	if e.Created.IsZero() {
		e.Created = t.now()
	}
	events, err := list(e.Events)
	if err == nil {
		_, err = t.accept("endpoints", `INSERT INTO endpoint (`+endpointColumns+`) VALUES (?, ?, ?, ?, ?, ?)
			ON CONFLICT (id) DO UPDATE SET url = excluded.url, secret = excluded.secret, events = excluded.events, removed_us = excluded.removed_us`,
			e.ID, e.URL, some(e.Secret), events, e.Created, e.Removed)
	}
	if err != nil {
		return fmt.Errorf("keep webhook endpoint %q: %w", e.ID, err)
	}
	return nil
}

// RemoveEndpoint ends an endpoint; it stays in the journal, with what was sent to it. ErrNotFound where
// there is none that is not removed.
func (t *Tx) RemoveEndpoint(id string) error {
	return t.must("webhook endpoint", id)(t.accept("endpoints", `UPDATE endpoint SET removed_us = ? WHERE id = ? AND removed_us = 0`, t.now(), id))
}

// Endpoint returns an endpoint, also one that was removed. ErrNotFound where there is none.
func (r *Reader) Endpoint(id string) (Endpoint, error) {
	return one(r, "webhook endpoint", id, `SELECT `+endpointColumns+` FROM endpoint WHERE id = ?`, scanEndpoint, id)
}

// Endpoints returns those that are not removed, in the order in which they came.
func (r *Reader) Endpoints() ([]Endpoint, error) {
	return rows(r, `SELECT `+endpointColumns+` FROM endpoint WHERE removed_us = 0 ORDER BY place`, scanEndpoint)
}

// Endpoint is Reader.Endpoint.
func (j *Journal) Endpoint(ctx context.Context, id string) (Endpoint, error) {
	return read(ctx, j, func(r *Reader) (Endpoint, error) { return r.Endpoint(id) })
}

// Endpoints is Reader.Endpoints.
func (j *Journal) Endpoints(ctx context.Context) ([]Endpoint, error) {
	return read(ctx, j, (*Reader).Endpoints)
}

const deliveryColumns = `id, endpoint, series, kind, body, state, attempts, next_us, lease_us, error, created_us, finished_us`

func scanDelivery(st *sqlite.Stmt) (Delivery, error) {
	return Delivery{
		ID: st.ColumnText(0), Endpoint: st.ColumnText(1), Group: st.ColumnText(2), Kind: st.ColumnText(3), Body: columnBytes(st, 4),
		State: DeliveryState(st.ColumnText(5)), Attempts: st.ColumnInt(6), Next: columnTime(st, 7), Leased: columnTime(st, 8),
		Error: st.ColumnText(9), Created: columnTime(st, 10), Finished: columnTime(st, 11),
	}, nil
}

// AddDelivery keeps an event for an endpoint, due at Next or now, unless it was kept before: that
// stays as it is.
func (t *Tx) AddDelivery(d Delivery) error {
	if d.Created.IsZero() {
		d.Created = t.now()
	}
	if d.Next.IsZero() {
		d.Next = d.Created
	}
	t.durable()
	_, err := t.write(`INSERT INTO delivery (`+deliveryColumns+`) VALUES (?, ?, ?, ?, ?, 'due', 0, ?, 0, '', ?, 0)
		ON CONFLICT (id, endpoint) DO NOTHING`, d.ID, d.Endpoint, d.Group, d.Kind, some(d.Body), d.Next, d.Created)
	if err != nil {
		return fmt.Errorf("keep event %q for %q: %w", d.ID, d.Endpoint, err)
	}
	return nil
}

// DueEndpoints returns the ids of the endpoints for which something can be claimed, also of those that
// were removed, in the order in which they came.
func (j *Journal) DueEndpoints(ctx context.Context, now time.Time) ([]string, error) {
	found, err := read(ctx, j, func(r *Reader) ([]string, error) {
		return rows(r, `SELECT id FROM endpoint WHERE EXISTS (SELECT 1 FROM delivery
			WHERE state = 'due' AND endpoint = endpoint.id AND next_us <= ?1 AND lease_us <= ?1) ORDER BY place`,
			func(st *sqlite.Stmt) (string, error) { return st.ColumnText(0), nil }, now)
	})
	if err != nil {
		return nil, fmt.Errorf("endpoints to which something is due: %w", err)
	}
	return found, nil
}

// sqlClaimable are the deliveries that can be claimed. Of a group, one is left out while an earlier one
// was not tried yet, or is being tried.
const sqlClaimable = `SELECT ` + deliveryColumns + ` FROM delivery AS d
	WHERE state = 'due' AND endpoint = ?1 AND next_us <= ?2 AND lease_us <= ?2
	AND NOT (series <> '' AND EXISTS (SELECT 1 FROM delivery AS e WHERE e.state = 'due' AND e.series <> '' AND e.endpoint = d.endpoint
		AND e.series = d.series AND e.place < d.place AND (e.attempts = 0 OR e.lease_us > ?2)))
	ORDER BY next_us, place LIMIT ?3`

// ClaimDeliveries takes at most limit deliveries that are due at an endpoint, those that are due the
// longest first, which nobody else gets until the lease is over.
func (t *Tx) ClaimDeliveries(endpoint string, now time.Time, lease time.Duration, limit int) ([]Delivery, error) {
	found, err := rows(&t.Reader, sqlClaimable, scanDelivery, endpoint, now, limit)
	for i := range found {
		d := &found[i]
		d.Leased = now.Add(lease)
		if err == nil {
			_, err = t.write(`UPDATE delivery SET lease_us = ? WHERE id = ? AND endpoint = ?`, d.Leased, d.ID, d.Endpoint)
		}
	}
	if err != nil {
		return nil, fmt.Errorf("claim deliveries to %q: %w", endpoint, err)
	}
	return found, nil
}

// ClaimDeliveries is Tx.ClaimDeliveries in a transaction of its own.
func (j *Journal) ClaimDeliveries(ctx context.Context, endpoint string, now time.Time, lease time.Duration, limit int) (claimed []Delivery, err error) {
	err = j.Do(ctx, func(t *Tx) (err error) {
		claimed, err = t.ClaimDeliveries(endpoint, now, lease, limit)
		return err
	})
	return claimed, err
}

// FinishDelivery writes how an attempt ended (State, Attempts, Next, Error, Finished), and that nobody
// has it in hand.
func (t *Tx) FinishDelivery(d Delivery) error {
	return t.must("event", d.ID)(t.write(`UPDATE delivery SET state = ?, attempts = ?, next_us = ?, error = ?, finished_us = ?, lease_us = 0
		WHERE id = ? AND endpoint = ?`, string(d.State), d.Attempts, d.Next, d.Error, d.Finished, d.ID, d.Endpoint))
}

// FinishDelivery is Tx.FinishDelivery in a transaction of its own.
func (j *Journal) FinishDelivery(ctx context.Context, d Delivery) error {
	return j.Do(ctx, func(t *Tx) error { return t.FinishDelivery(d) })
}

// Resend makes a delivery that was delivered or given up due again. ErrNotFound where there is none
// such.
func (t *Tx) Resend(id, endpoint string, now time.Time) error {
	t.durable()
	return t.must("event", id)(t.write(`UPDATE delivery SET state = 'due', attempts = 0, next_us = ?, finished_us = 0, lease_us = 0
		WHERE id = ? AND endpoint = ? AND state <> 'due'`, now, id, endpoint))
}

// Deliveries lists at most limit deliveries in a state, "" for all, the newest first: those before the
// cursor that the page before gave; 0: from the newest on. next is 0 where there are no more.
func (r *Reader) Deliveries(state DeliveryState, before int64, limit int) (found []Delivery, next int64, err error) {
	where := `(?1 = 0 OR place < ?1) AND (?2 = '' OR state = ?2)`
	switch state { // each has its index, which is found where the query names the state
	case DeliveryDue, DeliveryDead, DeliveryDelivered:
		where += ` AND state = '` + string(state) + `'`
	}
	found, err = rows(r, `SELECT `+deliveryColumns+`, place FROM delivery WHERE `+where+` ORDER BY place DESC LIMIT ?3`,
		func(st *sqlite.Stmt) (Delivery, error) {
			next = st.ColumnInt64(12)
			return scanDelivery(st)
		}, before, string(state), limit)
	if err != nil {
		return nil, 0, fmt.Errorf("list deliveries: %w", err)
	}
	if len(found) < limit {
		next = 0
	}
	return found, next, nil
}

// Deliveries is Reader.Deliveries.
func (j *Journal) Deliveries(ctx context.Context, state DeliveryState, before int64, limit int) (found []Delivery, next int64, err error) {
	_, err = read(ctx, j, func(r *Reader) (_ struct{}, err error) {
		found, next, err = r.Deliveries(state, before, limit)
		return struct{}{}, err
	})
	return found, next, err
}
