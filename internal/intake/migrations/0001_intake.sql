-- +goose Up
create table r_ambiguity (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	source text,
	source_ref text
);
create unique index r_ambiguity_id on r_ambiguity (id, rev);
