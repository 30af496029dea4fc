-- +goose Up
create table r_usage_object (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sha256 text,
	rules text,
	identity text
);
create unique index r_usage_object_id on r_usage_object (id, rev);
create index r_usage_object_sha256 on r_usage_object (sha256);
create table r_usage_count (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	deployment text,
	identity text
);
create unique index r_usage_count_id on r_usage_count (id, rev);
create index r_usage_count_identity on r_usage_count (identity);
create index r_usage_count_deployment on r_usage_count (deployment);
create table r_finding (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	deployment text,
	identity text
);
create unique index r_finding_id on r_finding (id, rev);
create index r_finding_identity on r_finding (identity);
create table r_usage_coverage (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	identity text
);
create unique index r_usage_coverage_id on r_usage_coverage (id, rev);
-- what tells the pushed events that were counted from those that were not; no evidence
create table pushed_event (
	id text primary key,
	day text not null
);
