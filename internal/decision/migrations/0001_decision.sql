-- +goose Up
create table r_decision (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	act text,
	subject text
);
create unique index r_decision_id on r_decision (id, rev);
create index r_decision_subject on r_decision (subject);
