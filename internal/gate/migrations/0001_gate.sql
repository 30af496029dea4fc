-- +goose Up
create table r_enforcement (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	decision text,
	subject text
);
create unique index r_enforcement_id on r_enforcement (id, rev);
create index r_enforcement_decision on r_enforcement (decision);
create table r_break_glass (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text
);
create unique index r_break_glass_id on r_break_glass (id, rev);
create index r_break_glass_subject on r_break_glass (subject);
