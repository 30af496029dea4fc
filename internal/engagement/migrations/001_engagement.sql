-- +goose Up
create table r_engagement (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text
);
create unique index r_engagement_id on r_engagement (id, rev);
create table r_independence (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	engagement text,
	person text
);
create unique index r_independence_id on r_independence (id, rev);
create index r_independence_engagement on r_independence (engagement);
create table r_assignment (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	engagement text
);
create unique index r_assignment_id on r_assignment (id, rev);
create index r_assignment_engagement on r_assignment (engagement);
