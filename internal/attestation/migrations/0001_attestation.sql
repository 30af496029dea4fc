-- +goose Up
create table r_attestation_request (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	deployment text
);
create unique index r_attestation_request_id on r_attestation_request (id, rev);
create index r_attestation_request_deployment on r_attestation_request (deployment);
create table r_attestation (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	deployment text,
	request text
);
create unique index r_attestation_id on r_attestation (id, rev);
create index r_attestation_deployment on r_attestation (deployment);
