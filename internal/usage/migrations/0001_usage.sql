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
create table r_usage_shown (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	deployment text,
	identity text
);
create unique index r_usage_shown_id on r_usage_shown (id, rev);
create index r_usage_shown_identity on r_usage_shown (identity);
create index r_usage_shown_deployment on r_usage_shown (deployment);
-- what tells the pushed events that were counted from those that were not; no evidence
create table pushed_event (
	id text primary key,
	day text not null
);
create index pushed_event_day on pushed_event (day);
-- the last day of which keys went
create table pushed_dropped (
	day text primary key
);
-- the state of conditions that count several calls together: keyed hashes in place of
-- values, each with the last day on which it is kept; no evidence. Days count from 1970.
create table window_state (
	mark text primary key,
	scope text not null,
	last_day bigint not null,
	kept_until bigint not null,
	due bigint not null
);
create index window_kept on window_state (kept_until);
create index window_due on window_state (due);
create index window_scope on window_state (scope);
-- what an object added to a window
create table window_part (
	mark text not null,
	object text not null,
	mapping text not null,
	day bigint not null,
	item text not null,
	calls bigint not null,
	seen text not null,
	primary key (mark, object, mapping, day, item)
);
-- what a window amounts to; without a mark: what dropped windows had amounted to
create table window_beyond (
	scope text not null,
	day bigint not null,
	mark text not null,
	calls bigint not null,
	reached bigint not null,
	windows bigint not null,
	first text not null,
	last text not null,
	primary key (scope, day, mark)
);
create index window_beyond_mark on window_beyond (mark);
-- of which days the state was dropped
create table window_dropped (
	scope text primary key,
	day bigint not null
);
-- by which key the state is kept
create table window_key (
	mark text primary key
);
