-- +goose Up
-- What has to do with one record is found without reading the register.
create index r_account_via on r_account (via) where via is not null;
create index r_account_contract on r_account (contract) where contract is not null;
create index r_interest_owner on r_interest (owner);
create index r_contract_end on r_contract (valid_to) where valid_to is not null;
