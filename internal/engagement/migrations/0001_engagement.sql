-- +goose Up
create table r_engagement (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text
);
create unique index r_engagement_id on r_engagement (id, rev);
create table r_independence (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text,
	person text
);
create unique index r_independence_id on r_independence (id, rev);
create index r_independence_engagement on r_independence (engagement);
create table r_assignment (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	engagement text
);
create unique index r_assignment_id on r_assignment (id, rev);
create index r_assignment_engagement on r_assignment (engagement);
create table r_population (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_population_id on r_population (id, rev);
create index r_population_engagement on r_population (engagement);
create table r_engagement_sample (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	engagement text
);
create unique index r_engagement_sample_id on r_engagement_sample (id, rev);
create index r_engagement_sample_engagement on r_engagement_sample (engagement);
create table r_witnessed (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sample text,
	note text,
	engagement text
);
create unique index r_witnessed_id on r_witnessed (id, rev);
create index r_witnessed_sample on r_witnessed (sample);
create table r_reconciliation (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_reconciliation_id on r_reconciliation (id, rev);
create index r_reconciliation_engagement on r_reconciliation (engagement);
create table r_evidence_request (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	engagement text
);
create unique index r_evidence_request_id on r_evidence_request (id, rev);
create index r_evidence_request_engagement on r_evidence_request (engagement);
create table r_effort (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_effort_id on r_effort (id, rev);
create index r_effort_engagement on r_effort (engagement);
