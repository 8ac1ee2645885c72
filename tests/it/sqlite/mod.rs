//! SQL: queries run on SQLite against the interpreter, and no dialect's literals let a value out.

mod build;
mod corpus;
mod document;
mod matrix;
mod quoting;
mod shapes;
