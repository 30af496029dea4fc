-- +goose Up
create table r_control_test (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_control_test_id on r_control_test (id, rev);
create index r_control_test_engagement on r_control_test (engagement);
create table r_workpaper (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sha256 text,
	engagement text
);
create unique index r_workpaper_id on r_workpaper (id, rev);
create index r_workpaper_engagement on r_workpaper (engagement);
create table r_impact (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text,
	engagement text
);
create unique index r_impact_id on r_impact (id, rev);
create index r_impact_engagement on r_impact (engagement);
create table r_determination (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_determination_id on r_determination (id, rev);
create index r_determination_engagement on r_determination (engagement);
create table r_dissent (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text,
	person text
);
create unique index r_dissent_id on r_dissent (id, rev);
create index r_dissent_engagement on r_dissent (engagement);
create table r_assessment_reply (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_assessment_reply_id on r_assessment_reply (id, rev);
create index r_assessment_reply_engagement on r_assessment_reply (engagement);
create table r_redaction (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text
);
create unique index r_redaction_id on r_redaction (id, rev);
create index r_redaction_engagement on r_redaction (engagement);
create table r_redaction_consent (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text,
	person text
);
create unique index r_redaction_consent_id on r_redaction_consent (id, rev);
create index r_redaction_consent_engagement on r_redaction_consent (engagement);
create table r_publication (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	json text,
	engagement text
);
create unique index r_publication_id on r_publication (id, rev);
create index r_publication_json on r_publication (json);
