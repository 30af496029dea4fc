-- +goose Up
create table r_review (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	lane text,
	opened text,
	due text,
	snoozed_until text,
	closed text,
	outcome text,
	subject text,
	harm bigint,
	severity bigint,
	irremediable bigint,
	cliff text,
	value bigint,
	owner text,
	bulk text
);
create unique index r_review_id on r_review (id, rev);
create index r_review_subject on r_review (subject);
create index r_review_closed on r_review (closed);
create index r_review_queue on r_review (harm desc, severity desc, irremediable desc, (coalesce(cliff, '9999-12-31')), value desc, opened, id, lane, owner, due, snoozed_until, seq)
	where to_seq is null and state = 'open';
create index r_review_owner on r_review (owner) where to_seq is null and state = 'open';
create table r_sweep (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	upto bigint
);
create unique index r_sweep_id on r_sweep (id, rev);
create table r_signal (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	day text,
	subject text
);
create unique index r_signal_id on r_signal (id, rev);
create index r_signal_subject on r_signal (subject);
create table r_capacity (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	lane text,
	from_day text
);
create unique index r_capacity_id on r_capacity (id, rev);
create table r_capability_change (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	product text
);
create unique index r_capability_change_id on r_capability_change (id, rev);
create index r_capability_change_product on r_capability_change (product);
create table r_sample (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	quarter_from text
);
create unique index r_sample_id on r_sample (id, rev);
