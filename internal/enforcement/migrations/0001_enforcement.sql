-- +goose Up
create table r_proceeding (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	due text,
	deployment text,
	identity text,
	owner text
);
create unique index r_proceeding_id on r_proceeding (id, rev);
create index r_proceeding_identity on r_proceeding (identity);
