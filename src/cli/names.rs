//! Arguments that take names of the program beside others, so that completions know the names: any text is taken here, and judged
//! where it is used, with a message of its own.

use std::ffi::OsStr;

use clap::builder::{PossibleValue, StringValueParser, TypedValueParser};
use clap::{Arg, Command, Error};

use crate::mapping::builtin;
use crate::target;

/// A parser of texts that knows names.
#[derive(Clone, Copy)]
pub struct Names(fn() -> Vec<String>);

impl Names {
    /// Names of targets.
    pub const TARGETS: Names = Names(|| target::NAMES.iter().map(ToString::to_string).collect());
    /// Names of mappings, and of those that go together.
    pub const MAPPINGS: Names = Names(|| {
        let bundles = builtin::bundles();
        bundles.keys().map(ToString::to_string).chain(builtin::names().into_iter().map(str::to_owned)).collect()
    });
}

impl TypedValueParser for Names {
    type Value = String;

    fn parse_ref(&self, command: &Command, argument: Option<&Arg>, value: &OsStr) -> Result<String, Error> {
        StringValueParser::new().parse_ref(command, argument, value)
    }

    fn possible_values(&self) -> Option<Box<dyn Iterator<Item = PossibleValue> + '_>> {
        Some(Box::new((self.0)().into_iter().map(PossibleValue::new)))
    }
}
