-- +goose Up
create table r_list_update (
	seq bigint primary key,
	id text not null,
	rev bigint not null,
	to_seq bigint,
	valid_from text,
	valid_to text,
	sha256 text,
	list text
);
create unique index r_list_update_id on r_list_update (id, rev);
create index r_list_update_list on r_list_update (list);
