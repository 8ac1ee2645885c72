//! EQL.
