-- +goose Up
create table r_source (
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
	grade text
);
create unique index r_source_id on r_source (id, rev);
create table r_fact (
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
	subject text,
	fact text,
	value text,
	as_of text,
	sources text
);
create unique index r_fact_id on r_fact (id, rev);
create index r_fact_subject on r_fact (subject);
create index r_fact_identity on r_fact (identity);
