//! From the text of a configuration file to its settings: every complaint has its place.

use std::path::Path;

use globset::{GlobBuilder, GlobSetBuilder};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::keys::{KEYS, Key, Kind, Place, Value};
use super::{Config, Level, Override, Settings};
use crate::diagnostic::{Code, Diagnostic, codes, did_you_mean};
use crate::mapping::builtin;
use crate::source::{Source, Span};

/// The keys that hold tables.
const TARGET: &str = "target";
const OVERRIDE: &str = "override";
const RULES: &str = "rules";
/// Editors look for the schema here; it says nothing to the program.
const SCHEMA: &str = "$schema";

struct Reader<'b> {
    /// The directory that paths are relative to.
    base: &'b Path,
    said: Vec<Diagnostic>,
}

type Entry<'t, 'i> = (&'t Spanned<std::borrow::Cow<'i, str>>, &'t Spanned<DeValue<'i>>);

impl Config {
    /// Reads a file; its paths are relative to `base`. The configuration is whole exactly where no diagnostic is an error.
    pub fn parse(source: &Source, base: &Path) -> (Config, Vec<Diagnostic>) {
        let mut reader = Reader { base, said: Vec::new() };
        let config = match DeTable::parse(source.text()) {
            Ok(table) => reader.config(table.get_ref()),
            Err(error) => {
                let span = error.span().map(|range| Span::new(range.start, range.end));
                let message = format!("this is no TOML: {}", error.message());
                reader.said.push(Diagnostic { span, ..Diagnostic::new(codes::CONFIG_SYNTAX, message) });
                Config::default()
            }
        };
        (config, reader.said)
    }
}

impl Reader<'_> {
    fn say(&mut self, code: Code, message: String, span: std::ops::Range<usize>) -> &mut Diagnostic {
        self.said.push(Diagnostic::new(code, message).at(Span::new(span.start, span.end)));
        let last = self.said.len() - 1;
        &mut self.said[last] // the one just pushed
    }

    fn config(&mut self, table: &DeTable<'_>) -> Config {
        let mut config = Config::default();
        for entry in table.iter() {
            match entry.0.get_ref().as_ref() {
                SCHEMA => {}
                TARGET => self.targets(entry, &mut config.top),
                OVERRIDE => config.overrides = self.overrides(entry),
                _ => self.setting(entry, Place::Top, &mut config.top.settings),
            }
        }
        config
    }

    fn targets(&mut self, (name, value): Entry<'_, '_>, level: &mut Level) {
        let Some(tables) = value.get_ref().as_table() else { return self.wrong(name, "a table of targets", value) };
        for (target, value) in tables.iter() {
            let Some(table) = value.get_ref().as_table() else {
                self.wrong(target, "a table of the target's settings", value);
                continue;
            };
            let settings = level.targets.entry(target.get_ref().to_string()).or_default();
            for entry in table.iter() {
                self.setting(entry, Place::Target, settings);
            }
        }
    }

    fn overrides(&mut self, (name, value): Entry<'_, '_>) -> Vec<Override> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(name, "a list of tables, each below `[[override]]`", value);
            return Vec::new();
        };
        let mut out = Vec::new();
        for value in list.iter() {
            let Some(table) = value.get_ref().as_table() else {
                self.wrong(name, "a list of tables, each below `[[override]]`", value);
                continue;
            };
            let mut one = Override { globs: globset::GlobSet::empty(), level: Level::default() };
            let mut has_rules = false;
            for entry in table.iter() {
                match entry.0.get_ref().as_ref() {
                    RULES => {
                        has_rules = true;
                        one.globs = self.globs(entry);
                    }
                    TARGET => self.targets(entry, &mut one.level),
                    _ => self.setting(entry, Place::Override, &mut one.level.settings),
                }
            }
            if !has_rules {
                let message = "an override says which `rules` it is for".to_owned();
                self.say(codes::CONFIG_VALUE, message, value.span());
            }
            out.push(one);
        }
        out
    }

    /// The patterns of an override.
    fn globs(&mut self, (name, value): Entry<'_, '_>) -> globset::GlobSet {
        let mut set = GlobSetBuilder::new();
        for (pattern, span) in self.texts(name, "a list of patterns", value).unwrap_or_default() {
            let pattern = pattern.strip_prefix("./").unwrap_or(&pattern);
            match GlobBuilder::new(pattern.trim_end_matches('/')).literal_separator(true).build() {
                Ok(glob) => {
                    set.add(glob);
                }
                Err(error) => {
                    let message = format!("`{pattern}` is no pattern: {}", error.kind());
                    self.say(codes::CONFIG_VALUE, message, span);
                }
            }
        }
        set.build().unwrap_or_else(|_| globset::GlobSet::empty()) // every pattern was built above
    }

    fn setting(&mut self, entry: Entry<'_, '_>, place: Place, settings: &mut Settings) {
        let (name, value) = entry;
        let word = name.get_ref().as_ref();
        match KEYS.iter().find(|key| key.name == word) {
            Some(key) if key.is_at(place) => {
                if let Some(value) = self.value(key, entry) {
                    (key.set)(settings, value);
                }
            }
            Some(key) => {
                let here = match place {
                    Place::Top => "at the top",
                    Place::Target => "in the table of a target",
                    Place::Override => "in an override",
                };
                let at_top = key.is_at(Place::Top);
                let diagnostic = self.say(codes::CONFIG_KEY, format!("`{word}` cannot stand {here}"), name.span());
                diagnostic.help.extend(at_top.then(|| "it stands at the top of the file".to_owned()));
            }
            None => self.unknown(word, name.span(), place, value),
        }
    }

    fn unknown(&mut self, word: &str, span: std::ops::Range<usize>, place: Place, value: &Spanned<DeValue<'_>>) {
        let mut known: Vec<&str> = KEYS.iter().filter(|key| key.is_at(place)).map(|key| key.name).collect();
        match place {
            Place::Top => known.extend([TARGET, OVERRIDE]),
            Place::Override => known.extend([RULES, TARGET]),
            Place::Target => {}
        }
        // A table of settings where a single one should be is one of the tables.
        let is_table = value.get_ref().is_table() || value.get_ref().is_array();
        let near = did_you_mean(word, known.iter().copied()).or_else(|| near_number(word, &known, is_table));
        let diagnostic = self.say(codes::CONFIG_KEY, format!("there is no key `{word}` here"), span);
        diagnostic.help.push(match near {
            Some(near) => format!("did you mean `{near}`?"),
            None => format!("known here: {}", known.join(", ")),
        });
    }

    fn value(&mut self, key: &Key, (name, value): Entry<'_, '_>) -> Option<Value> {
        let wanted = key.kind.words();
        let text = || value.get_ref().as_str().filter(|text| !text.is_empty());
        let found = match key.kind {
            Kind::Flag => value.get_ref().as_bool().map(Value::Flag),
            Kind::Text => text().map(|text| Value::Text(text.to_owned())),
            Kind::Path => text().map(|text| Value::Text(self.join(text))),
            Kind::Word(words) => match text() {
                Some(text) if words.contains(&text) => Some(Value::Text(text.to_owned())),
                Some(text) => {
                    let message = format!("`{}` is `{text}` and should be {wanted}", key.name);
                    let near = did_you_mean(text, words.iter().copied());
                    let diagnostic = self.say(codes::CONFIG_VALUE, message, value.span());
                    diagnostic.help.extend(near.map(|near| format!("did you mean `{near}`?")));
                    return None;
                }
                None => None,
            },
            Kind::Texts | Kind::Paths | Kind::Pipelines => {
                let texts = self.texts(name, &wanted, value)?;
                let keep = |text: String| match key.kind {
                    Kind::Paths => self.join(&text),
                    Kind::Pipelines if !builtin::is_name(&text) => self.join(&text),
                    _ => text,
                };
                return Some(Value::Texts(texts.into_iter().map(|(text, _)| keep(text)).collect()));
            }
        };
        if found.is_none() {
            self.wrong(name, &wanted, value);
        }
        found
    }

    /// The texts of a list with their places.
    fn texts(
        &mut self,
        name: &Spanned<std::borrow::Cow<'_, str>>,
        wanted: &str,
        value: &Spanned<DeValue<'_>>,
    ) -> Option<Vec<(String, std::ops::Range<usize>)>> {
        let Some(list) = value.get_ref().as_array() else {
            self.wrong(name, wanted, value);
            return None;
        };
        let mut out = Vec::new();
        for value in list.iter() {
            match value.get_ref().as_str().filter(|text| !text.is_empty()) {
                Some(text) => out.push((text.to_owned(), value.span())),
                None => self.wrong(name, wanted, value),
            }
        }
        Some(out)
    }

    fn wrong(&mut self, name: &Spanned<std::borrow::Cow<'_, str>>, wanted: &str, value: &Spanned<DeValue<'_>>) {
        let is = match value.get_ref() {
            DeValue::String(text) if text.is_empty() => "empty".to_owned(),
            other => format!("of the type {}", other.type_str()),
        };
        let message = format!("`{}` should be {wanted}, and this is {is}", name.get_ref());
        self.say(codes::CONFIG_VALUE, message, value.span());
    }

    fn join(&self, path: &str) -> String {
        self.base.join(path).display().to_string()
    }
}

/// A key that differs in its number alone: `target` for a list of `targets`, `overrides` for `override`.
fn near_number<'k>(word: &str, known: &[&'k str], is_table: bool) -> Option<&'k str> {
    known.iter().copied().find(|key| is_table && key.trim_end_matches('s') == word.trim_end_matches('s'))
}
