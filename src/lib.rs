//! sigmaglot: Sigma detection rules in, the same detection in a SIEM's query language out.
//!
//! The stages are verbs over values; only `cli` touches files and terminal:
//!
//! ```text
//! rule text --parse--> sigma::Rule --lower--> ir::Rule --convert--> query text
//!                                                |
//!                                                +--matches--> true | false for an event
//! ```

#[cfg(doctest)]
#[doc = include_str!("../README.md")]
struct Readme;

pub mod cli;
pub mod config;
pub mod diagnostic;
pub mod events;
pub mod interp;
pub mod ir;
pub mod lang;
pub mod mapping;
mod panics;
pub mod sigma;
pub mod source;
pub mod target;
pub mod verify;
