-- +goose Up
create table r_policy (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	topic text
);
create unique index r_policy_id on r_policy (id, rev);
create table r_embedding (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sort text,
	policy text
);
create unique index r_embedding_id on r_embedding (id, rev);
create table r_listing (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	deployment text
);
create unique index r_listing_id on r_listing (id, rev);
create index r_listing_deployment on r_listing (deployment);
