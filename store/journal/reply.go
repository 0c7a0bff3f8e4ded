package journal

import (
	"context"
	"fmt"

	"zombiezen.com/go/sqlite"
)

const replyColumns = `key, request, status, header, body, created_us`

func scanReply(st *sqlite.Stmt) (Reply, error) {
	return Reply{
		Key: st.ColumnText(0), Request: st.ColumnText(1), Status: st.ColumnInt(2), Header: columnBytes(st, 3),
		Body: columnBytes(st, 4), Created: columnTime(st, 5),
	}, nil
}

// PutReply keeps an answer in place of the one of the same key, if there is one.
func (t *Tx) PutReply(p Reply) error {
	if p.Created.IsZero() {
		p.Created = t.now()
	}
	_, err := t.write(`INSERT OR REPLACE INTO reply (`+replyColumns+`) VALUES (?, ?, ?, ?, ?, ?)`,
		p.Key, p.Request, p.Status, some(p.Header), some(p.Body), p.Created)
	if err != nil {
		return fmt.Errorf("keep the reply to a request: %w", err)
	}
	return nil
}

// Reply returns what was answered to the request with a key. ErrNotFound where nothing was.
func (r *Reader) Reply(key string) (Reply, error) {
	return one(r, "reply", key, `SELECT `+replyColumns+` FROM reply WHERE key = ?`, scanReply, key)
}

// Reply is Reader.Reply.
func (j *Journal) Reply(ctx context.Context, key string) (Reply, error) {
	return read(ctx, j, func(r *Reader) (Reply, error) { return r.Reply(key) })
}
