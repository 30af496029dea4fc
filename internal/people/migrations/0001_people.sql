-- +goose Up
create table r_person (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	key text,
	key_id text,
	name text
);
create index r_person_name on r_person (name);
