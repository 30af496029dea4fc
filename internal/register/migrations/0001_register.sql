-- +goose Up
create table r_account (
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
	customer text,
	product text,
	via text,
	amount bigint,
	contract text
);
create unique index r_account_id on r_account (id, rev);
create index r_account_customer on r_account (customer);
create table r_customer (
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
	name text,
	sector text,
	jurisdiction text
);
create unique index r_customer_id on r_customer (id, rev);
create table r_identifier (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	source text,
	source_ref text,
	subject text,
	scheme text,
	value text
);
create unique index r_identifier_id on r_identifier (id, rev);
create index r_identifier_subject on r_identifier (subject);
create table r_owner (
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
	customer text,
	party text
);
create unique index r_owner_id on r_owner (id, rev);
create index r_owner_customer on r_owner (customer);
create index r_owner_party on r_owner (party);
create table r_relationship (
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
	customer text,
	party text,
	role text
);
create unique index r_relationship_id on r_relationship (id, rev);
create index r_relationship_customer on r_relationship (customer);
create index r_relationship_party on r_relationship (party);
create table r_product (
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
	risk text
);
create unique index r_product_id on r_product (id, rev);
create table r_deployment (
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
	customer text,
	product text,
	account text,
	capability text,
	jurisdiction text
);
create unique index r_deployment_id on r_deployment (id, rev);
create index r_deployment_customer on r_deployment (customer);
create table r_contract (
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
	customer text
);
create unique index r_contract_id on r_contract (id, rev);
create index r_contract_customer on r_contract (customer);
