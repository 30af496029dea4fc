-- +goose Up
create table r_refusal (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	rule text,
	act text,
	subject text
);
create unique index r_refusal_id on r_refusal (id, rev);
