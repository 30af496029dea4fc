-- +goose Up
create table r_party (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	identity text
);
create unique index r_party_id on r_party (id, rev);
create index r_party_identity on r_party (identity);
create table r_interest (
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
	owner text,
	owned text
);
create unique index r_interest_id on r_interest (id, rev);
create index r_interest_identity on r_interest (identity);
