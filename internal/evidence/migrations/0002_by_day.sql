-- +goose Up
-- Facts that have become old are found by the day on which they were seen.
create index r_fact_seen on r_fact (valid_from);
