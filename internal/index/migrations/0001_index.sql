-- +goose Up
create table r_index_edition (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	identity text,
	name text,
	layout text,
	year bigint,
	published text,
	released text,
	cites text
);
create unique index r_index_edition_id on r_index_edition (id, rev);
create index r_index_edition_name on r_index_edition (name, year);
create index r_index_edition_cites on r_index_edition (cites);
