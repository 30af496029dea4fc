-- +goose Up
create table r_partnership (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	partner text,
	identity text,
	customer text
);
create unique index r_partnership_id on r_partnership (id, rev);
create index r_partnership_identity on r_partnership (identity);
create table r_data_request (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	basis text,
	outcome text,
	identity text,
	customer text,
	requester text,
	investigation text
);
create unique index r_data_request_id on r_data_request (id, rev);
create index r_data_request_identity on r_data_request (identity);
create index r_data_request_investigation on r_data_request (investigation);
create table r_claim (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	standing text,
	identity text
);
create unique index r_claim_id on r_claim (id, rev);
create index r_claim_identity on r_claim (identity);
create table r_content_sample (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	identity text
);
create unique index r_content_sample_id on r_content_sample (id, rev);
create index r_content_sample_identity on r_content_sample (identity);
create table r_published_figure (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	identity text,
	publisher text,
	country text
);
create unique index r_published_figure_id on r_published_figure (id, rev);
create index r_published_figure_identity on r_published_figure (identity);
create table r_incident (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text
);
create unique index r_incident_id on r_incident (id, rev);
create index r_incident_subject on r_incident (subject);
