//! Events.

use serde_json::{Map, Value};

/// An event: a JSON object.
#[derive(Debug, Clone, PartialEq)]
pub struct Event(pub Map<String, Value>);
