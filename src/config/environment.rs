//! The environment: the keys that stand at the top of the file, each as a variable.

use super::Settings;
use super::keys::{KEYS, Key, Kind, Place, Value};
use crate::diagnostic::{Diagnostic, codes, did_you_mean};

/// Reads the settings of the environment; `get` gives a variable's text. An empty variable is none.
///
/// # Errors
/// Where a variable has a value that cannot be.
pub fn environment(get: impl Fn(&str) -> Option<String>) -> Result<Settings, Diagnostic> {
    let mut settings = Settings::default();
    for key in KEYS.iter().filter(|key| key.is_at(Place::Top)) {
        let name = key.variable();
        if let Some(text) = get(&name).filter(|text| !text.trim().is_empty()) {
            (key.set)(&mut settings, value(key, &name, text.trim())?);
        }
    }
    Ok(settings)
}

fn value(key: &Key, name: &str, text: &str) -> Result<Value, Diagnostic> {
    let wrong = || {
        let message = format!("the variable `{name}` is `{text}` and should be {}", key.kind.words());
        Diagnostic::new(codes::CONFIG_VALUE, message)
    };
    Ok(match key.kind {
        Kind::Flag => match text {
            "true" | "1" => Value::Flag(true),
            "false" | "0" => Value::Flag(false),
            _ => return Err(wrong()),
        },
        Kind::Text | Kind::Path => Value::Text(text.to_owned()),
        Kind::Word(words) if words.contains(&text) => Value::Text(text.to_owned()),
        Kind::Word(words) => {
            let near = did_you_mean(text, words.iter().copied());
            let mut diagnostic = wrong();
            diagnostic.help.extend(near.map(|near| format!("did you mean `{near}`?")));
            return Err(diagnostic);
        }
        Kind::Texts | Kind::Paths | Kind::Pipelines => {
            Value::Texts(text.split(',').map(|part| part.trim().to_owned()).filter(|part| !part.is_empty()).collect())
        }
    })
}
