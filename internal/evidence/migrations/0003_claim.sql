-- +goose Up
alter table r_fact add column claim bigint;
