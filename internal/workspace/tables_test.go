package workspace_test

import (
	"strings"
	"testing/fstest"

	"duly/internal/ledger"
	"duly/internal/store"
)

// tables makes the migration of a room with the kinds, whose columns are texts.
func tables(room string, schemas ...*ledger.Schema) store.Migrations {
	var sql strings.Builder
	sql.WriteString("-- +goose Up\n")
	for _, s := range schemas {
		sql.WriteString("create table r_" + s.Kind + " (seq bigint primary key, id text not null, rev bigint not null, to_seq bigint")
		for _, name := range s.ColumnNames() {
			sql.WriteString(", " + name + " text")
		}
		sql.WriteString(");\ncreate unique index r_" + s.Kind + "_id on r_" + s.Kind + " (id, rev);\n")
	}
	return store.Migrations{Room: room, Files: fstest.MapFS{"migrations/0001_tables.sql": {Data: []byte(sql.String())}}}
}

// statement makes a migration of one statement.
func statement(sql string) fstest.MapFS {
	return fstest.MapFS{"migrations/0001_statement.sql": {Data: []byte("-- +goose Up\n" + sql + "\n")}}
}
