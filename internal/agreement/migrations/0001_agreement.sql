-- +goose Up
create table r_agreement (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text,
	source text
);
create unique index r_agreement_id on r_agreement (id, rev);
create index r_agreement_subject on r_agreement (subject);
