//! The integration tests: one binary, a module a subject. The engines have a binary of their own, `tests/engines`.

#[path = "../common/mod.rs"]
mod common;

mod cli;
mod config;
mod corpus;
mod events;
mod examples;
mod fuzz_pipelines;
mod hostile;
mod ir;
mod mapping;
mod mapping_budget;
mod mapping_chains;
mod mapping_microsoft;
mod mapping_products;
mod pages;
mod read;
mod readme;
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
