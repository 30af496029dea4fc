-- +goose Up
alter table r_rating add column review_months bigint;
create index r_rating_review on r_rating (review_months, seq) where to_seq is null;
