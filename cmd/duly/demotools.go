package main

import (
	"context"
	"database/sql"
	"errors"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"time"

	"duly/internal/fault"
)

// copyWithout copies a SQLite workspace and deletes one entry from the copy's
// database, as somebody with access to the database would.
func copyWithout(ctx context.Context, dir string, seq int64) (copied string, err error) {
	copied, err = os.MkdirTemp("", "duly-copy-")
	if err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot copy the workspace")
	}
	defer func() {
		if err != nil {
			os.RemoveAll(copied)
		}
	}()
	if err := os.CopyFS(copied, os.DirFS(dir)); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot copy the workspace")
	}
	db, err := sql.Open("sqlite", filepath.Join(copied, "duly.db"))
	if err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot open the copy")
	}
	_, err = db.ExecContext(ctx, "delete from entry where seq = $1", seq)
	if err = errors.Join(err, db.Close()); err != nil {
		return "", fault.Wrap(fault.Failed, err, "cannot change the copy")
	}
	return copied, nil
}

// serveReport shows a directory on the loopback interface until it is interrupted.
func serveReport(a *app, dir string) error {
	var listen net.ListenConfig
	listener, err := listen.Listen(a.ctx, "tcp", "127.0.0.1:0")
	if err != nil {
		return fault.Wrap(fault.Failed, err, "cannot serve the report")
	}
	server := &http.Server{Handler: http.FileServerFS(os.DirFS(dir)), ReadHeaderTimeout: 5 * time.Second}
	a.progress("The report is on http://%s/report.html until you press Ctrl-C.", listener.Addr())
	done := make(chan error, 1)
	go func() { done <- server.Serve(listener) }()
	select {
	case err := <-done:
		return fault.Wrap(fault.Failed, err, "the server stopped")
	case <-a.ctx.Done():
	}
	stop, cancel := context.WithTimeout(context.Background(), 2*time.Second)
	defer cancel()
	if err := server.Shutdown(stop); err != nil {
		return fault.Wrap(fault.Failed, err, "the server did not stop")
	}
	return nil
}
