-- +goose Up
alter table r_decision add column review_day text;
create index r_decision_review on r_decision (review_day) where to_seq is null;
