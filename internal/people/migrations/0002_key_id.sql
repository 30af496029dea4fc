-- +goose Up
create index r_person_key_id on r_person (key_id);
