-- +goose Up
create table r_opinion (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	subject text,
	rating text,
	person text
);
create unique index r_opinion_id on r_opinion (id, rev);
create index r_opinion_rating on r_opinion (rating);
create index r_opinion_subject on r_opinion (subject);
create table r_panel (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	name text
);
create unique index r_panel_id on r_panel (id, rev);
create table r_seat (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	panel text,
	person text
);
create unique index r_seat_id on r_seat (id, rev);
create index r_seat_panel on r_seat (panel);
create index r_seat_person on r_seat (person);
create table r_resignation (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	seat text
);
create unique index r_resignation_id on r_resignation (id, rev);
create index r_resignation_seat on r_resignation (seat);
create table r_referral (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	panel text,
	subject text,
	rated text
);
create unique index r_referral_id on r_referral (id, rev);
create index r_referral_rated on r_referral (rated);
create index r_referral_subject on r_referral (subject);
create table r_declaration (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	referral text,
	person text
);
create unique index r_declaration_id on r_declaration (id, rev);
create index r_declaration_person on r_declaration (person);
create table r_vote (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	referral text,
	seat text,
	person text
);
create unique index r_vote_id on r_vote (id, rev);
create index r_vote_referral on r_vote (referral);
create table r_answer (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	referral text
);
create unique index r_answer_id on r_answer (id, rev);
create index r_answer_referral on r_answer (referral);
create table r_stakeholder (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text
);
create unique index r_stakeholder_id on r_stakeholder (id, rev);
create index r_stakeholder_subject on r_stakeholder (subject);
create table r_consultation (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	subject text
);
create unique index r_consultation_id on r_consultation (id, rev);
create index r_consultation_subject on r_consultation (subject);
create table r_session (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	consultation text
);
create unique index r_session_id on r_session (id, rev);
create index r_session_consultation on r_session (consultation);
create table r_input (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	consultation text
);
create unique index r_input_id on r_input (id, rev);
create index r_input_consultation on r_input (consultation);
create table r_compensation (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	state text,
	about text
);
create unique index r_compensation_id on r_compensation (id, rev);
create index r_compensation_about on r_compensation (about);
