//! What the integration tests share.

pub mod corpus;
pub mod generate;
pub mod random;
pub mod sample;
