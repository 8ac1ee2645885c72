//! The integration tests: one binary, a module a subject. The engines have a binary of their own, `tests/engines`.

#[path = "../common/mod.rs"]
mod common;

mod cli;
mod config;
mod corpus;
mod documents;
mod events;
mod examples;
mod foreign;
mod fuzz_events;
mod fuzz_pipelines;
mod hostile;
mod ir;
mod mapping;
mod mapping_budget;
mod mapping_chains;
mod mapping_microsoft;
mod mapping_names;
mod mapping_products;
mod mistakes;
mod mutants;
mod output;
mod pages;
mod public_rules;
mod read;
mod readers;
mod readme;
mod regex_oracle;
#[cfg(feature = "evtx")]
mod regression;
mod semantics;
mod skeleton;
mod sqlite;
mod target_eql;
mod target_kql;
mod target_spl;
mod templates;
mod vectors;
mod verify;
