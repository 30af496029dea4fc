-- +goose Up
create table r_rating (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	method text,
	worst text,
	tier text,
	outcome text,
	subject text,
	account text
);
create unique index r_rating_id on r_rating (id, rev);
create index r_rating_subject on r_rating (subject);
