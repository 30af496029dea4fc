-- +goose Up
create table r_triage (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	lane text,
	by_default bigint,
	account text
);
create unique index r_triage_id on r_triage (id, rev);
create index r_triage_account on r_triage (account);
