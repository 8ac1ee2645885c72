//! `verify` verified: equal where queries are right, a counter-example where a mistake is planted, engines that fail.

mod corpus;
mod lists;
mod mapping;
mod mappings;
mod planted;
mod properties;
mod reports;
pub mod support;
