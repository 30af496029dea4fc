-- +goose Up
create table r_contact (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text
);
create unique index r_contact_id on r_contact (id, rev);
create index r_contact_subject on r_contact (subject);
create table r_sight (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	review text
);
create unique index r_sight_id on r_sight (id, rev);
create index r_sight_review on r_sight (review);
