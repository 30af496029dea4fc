-- +goose Up
create table r_leave (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sort text,
	subject text
);
create unique index r_leave_id on r_leave (id, rev);
create index r_leave_subject on r_leave (subject);
