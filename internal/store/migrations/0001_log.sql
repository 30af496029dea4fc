-- +goose Up
create table log (
	id bigint primary key check (id = 1),
	origin text not null,
	size bigint not null,
	time bigint not null
);
create table entry (
	seq bigint primary key,
	leaf bytea not null,
	digests bytea not null,
	disclosures text not null
);
create table tile (
	level bigint not null,
	n bigint not null,
	hashes bytea not null,
	primary key (level, n)
);
create table checkpoint (
	size bigint primary key,
	note text not null
);
create table r_epoch (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text
);
create table r_erasure (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	target text
);
create table r_balance (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text
);
