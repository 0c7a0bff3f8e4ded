package rpc

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"

	"github.com/coder/websocket"
)

// sockets are WebSockets to the node, each with one request under way: as many requests are in
// flight as there are callers, as over HTTP. Safe for concurrent use.
type sockets struct {
	c    *Client
	idle chan *websocket.Conn
}

// exchange sends a request on an idle connection, or on a new one. A connection that failed, or
// whose answer was not awaited, is not used again.
func (s *sockets) exchange(ctx context.Context, body []byte, limit int64) (Answer, error) {
	conn, fresh, err := s.take(ctx)
	if err != nil {
		return Answer{}, err
	}
	a, err := s.ask(ctx, conn, body, limit)
	if err != nil && !fresh && ctx.Err() == nil {
		// An idle connection may have been closed by the node at any moment.
		_ = conn.CloseNow()
		if conn, err = s.dial(ctx); err != nil {
			return Answer{}, err
		}
		a, err = s.ask(ctx, conn, body, limit)
	}
	if err != nil {
		_ = conn.CloseNow()
		return Answer{}, err
	}
	select {
	case s.idle <- conn:
	default:
		_ = conn.CloseNow()
	}
	return a, nil
}

func (s *sockets) take(ctx context.Context) (conn *websocket.Conn, fresh bool, err error) {
	select {
	case conn = <-s.idle:
		return conn, false, nil
	default:
	}
	conn, err = s.dial(ctx)
	return conn, true, err
}

// dial opens a connection. What the node refuses at the handshake is what it refuses over HTTP.
func (s *sockets) dial(ctx context.Context) (*websocket.Conn, error) {
	header := http.Header{}
	used := s.c.sign(header)
	conn, res, err := websocket.Dial(ctx, s.c.base.String(), &websocket.DialOptions{HTTPClient: s.c.http, HTTPHeader: header}) //nolint:bodyclose // the library has read it, and holds what it read
	if err == nil {
		conn.SetReadLimit(-1) // each read has a limit of its own
		return conn, nil
	}
	if res == nil {
		return nil, err
	}
	body, readErr := io.ReadAll(io.LimitReader(res.Body, 1<<10))
	if readErr != nil {
		body = nil // it would only have been shown
	}
	if refused := s.c.refusal(res, body, used); refused != nil {
		return nil, said{refused}
	}
	return nil, said{s.c.unreachable(waySocket, "status %d instead of a WebSocket: %s", res.StatusCode, Excerpt(body))}
}

func (s *sockets) ask(ctx context.Context, conn *websocket.Conn, body []byte, limit int64) (Answer, error) {
	if err := conn.Write(ctx, websocket.MessageText, body); err != nil {
		return Answer{}, closed(err)
	}
	_, in, err := conn.Reader(ctx)
	if err != nil {
		return Answer{}, closed(err)
	}
	a := Answer{Status: http.StatusOK, lent: bodies.Get().(*[]byte)}
	a.Body, err = readBody(in, (*a.lent)[:0], -1, limit)
	if err != nil {
		return Answer{}, closed(err)
	}
	return a, nil
}

// closed says what the node said when it closed a connection. One that was closed because a
// message was too large means that of the answer or the question; any other may be opened again.
func closed(err error) error {
	status := websocket.CloseStatus(err)
	switch status {
	case -1:
		return err
	case websocket.StatusMessageTooBig:
		return said{fmt.Errorf("%w: the node closed the connection: %w", ErrTooMuch, err)}
	}
	return errors.Join(io.ErrUnexpectedEOF, err)
}

// close ends the connections that are idle.
func (s *sockets) close() {
	for {
		select {
		case conn := <-s.idle:
			_ = conn.Close(websocket.StatusNormalClosure, "")
		default:
			return
		}
	}
}
