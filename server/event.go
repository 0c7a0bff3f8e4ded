package server

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"clew/store/journal"
)

// jobEvent is the event that a job's end is told by.
func (s *Server) jobEvent(job *journal.Job, out done, why string) (*journal.Delivery, error) {
	kind := map[string]string{jobScreening: "screening.completed", jobTrace: "incident.loaded"}[job.Kind]
	data := out.event
	if why != "" {
		kind, data = "job.failed", map[string]any{"kind": job.Kind, "error": why}
	}
	data["job"] = job.ID
	sum := sha256.Sum256([]byte(kind + "\n" + job.ID + "\n" + out.result + why))
	id := "evt-" + hex.EncodeToString(sum[:16])
	body, err := json.Marshal(map[string]any{"id": id, "type": kind, "timestamp": s.opt.Now().UTC().Format(time.RFC3339), "data": data})
	if err != nil {
		return nil, fmt.Errorf("writing an event: %w", err)
	}
	return &journal.Delivery{ID: id, Kind: kind, Body: body}, nil
}

// emit adds a delivery for each endpoint that wants an event; only: for that one alone.
func emit(tx *journal.Tx, endpoints []journal.Endpoint, only string, event *journal.Delivery) error {
	for i := range endpoints {
		e := &endpoints[i]
		if (only != "" && e.ID != only) || (e.Events != nil && !slices.Contains(e.Events, event.Kind)) {
			continue
		}
		d := *event
		d.Endpoint = e.ID
		if err := tx.AddDelivery(d); err != nil {
			return err
		}
	}
	return nil
}
