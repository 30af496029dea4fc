-- +goose Up
create table r_hold (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	record text
);
create unique index r_hold_id on r_hold (id, rev);
create index r_hold_record on r_hold (record);
