-- +goose Up
-- Decisions ask for these of one deployment at a time.
create index r_deployment_account on r_deployment (account);
create index r_interest_owned on r_interest (owned);
