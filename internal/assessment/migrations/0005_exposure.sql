-- +goose Up
create table r_exposure (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	area text
);
create unique index r_exposure_id on r_exposure (id, rev);
create index r_exposure_area on r_exposure (area);
