//! What the integration tests share.

pub mod random;
pub mod corpus;
pub mod generate;
pub mod sample;
