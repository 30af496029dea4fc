-- +goose Up
create table r_score (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text,
	scorer text
);
create unique index r_score_id on r_score (id, rev);
create index r_score_subject on r_score (subject);
