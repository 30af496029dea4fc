-- +goose Up
alter table r_decision add column basis text;
create index r_decision_basis on r_decision (basis);
-- Drafts that wait for signatures. No evidence: an entry is made of one when all have signed.
create table pending_decision (
	id text primary key,
	subject text not null,
	draft bytea not null,
	sigs bytea not null
);
create index pending_decision_subject on pending_decision (subject);
create table r_criticality (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text
);
create unique index r_criticality_id on r_criticality (id, rev);
create index r_criticality_subject on r_criticality (subject);
create table r_exit_impact (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text
);
create unique index r_exit_impact_id on r_exit_impact (id, rev);
create index r_exit_impact_subject on r_exit_impact (subject);
create table r_notice (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text
);
create unique index r_notice_id on r_notice (id, rev);
create index r_notice_subject on r_notice (subject);
create table r_response (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text
);
create unique index r_response_id on r_response (id, rev);
create index r_response_subject on r_response (subject);
