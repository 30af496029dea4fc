-- +goose Up
create table r_condition_check (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	decision text,
	subject text
);
create unique index r_condition_check_id on r_condition_check (id, rev);
create index r_condition_check_decision on r_condition_check (decision);
