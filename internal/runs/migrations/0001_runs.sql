-- +goose Up
create table r_run (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	task text
);
create unique index r_run_id on r_run (id, rev);
create table r_pack (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sha256 text,
	kind text,
	pack text
);
create unique index r_pack_id on r_pack (id, rev);
