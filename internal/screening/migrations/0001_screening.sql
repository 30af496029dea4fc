-- +goose Up
create table r_list (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sha256 text,
	list text
);
create unique index r_list_id on r_list (id, rev);
create table r_hit (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text,
	identity text
);
create unique index r_hit_id on r_hit (id, rev);
create index r_hit_subject on r_hit (subject);
