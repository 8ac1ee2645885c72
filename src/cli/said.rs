//! What is to be said of many rules, said once: messages are collected, sorted by file and place, and those that say the same
//! become one with a count and the first places.

use std::collections::HashMap;

use super::console::Voice;
use crate::diagnostic::{Code, Diagnostic, LONG_HELP};
use crate::source::Source;

/// How many further places of a message are named.
const PLACES: usize = 3;

/// Messages with the files that they are about.
#[derive(Default)]
pub struct Said<'s> {
    messages: Vec<Message<'s>>,
}

struct Message<'s> {
    /// The place of the file among all.
    file: usize,
    source: &'s Source,
    diagnostic: Diagnostic,
}

impl<'s> Said<'s> {
    /// Adds what is to be said of a file.
    pub fn add(&mut self, file: usize, source: &'s Source, diagnostics: impl IntoIterator<Item = Diagnostic>) {
        self.messages.extend(diagnostics.into_iter().map(|diagnostic| Message { file, source, diagnostic }));
    }

    /// All of it as text for stderr.
    pub fn render(mut self, voice: Voice) -> String {
        let start = |message: &Message<'_>| message.diagnostic.span.map(|span| span.start);
        self.messages.sort_by_key(|message| (message.file, start(message)));
        let mut groups: Vec<Vec<Message<'s>>> = Vec::new();
        let mut of: HashMap<(Code, bool, String), usize> = HashMap::new();
        for message in self.messages {
            let diagnostic = &message.diagnostic;
            let key = (diagnostic.code, diagnostic.is_error(), subject(diagnostic));
            match of.get(&key) {
                Some(group) => groups[*group].push(message),
                None => {
                    of.insert(key, groups.len());
                    groups.push(vec![message]);
                }
            }
        }
        let mut said: HashMap<String, Code> = HashMap::new();
        groups.into_iter().map(|group| one(group, &mut said, voice)).collect()
    }
}

/// What a message is about: of an error all that it says; of a warning all but the names in it, as those of fields, so that one that is
/// about how a target stores values is said once and not for each field.
fn subject(diagnostic: &Diagnostic) -> String {
    if diagnostic.is_error() {
        return diagnostic.message.clone();
    }
    diagnostic.message.split('`').step_by(2).collect::<Vec<_>>().join("`")
}

/// The first of messages that say the same, with the places of the others.
fn one(group: Vec<Message<'_>>, said: &mut HashMap<String, Code>, voice: Voice) -> String {
    let mut messages = group.into_iter();
    let Some(mut first) = messages.next() else { return String::new() };
    let code = first.diagnostic.code;
    for help in &mut first.diagnostic.help {
        // A long one is said with the first message that has it.
        if help.len() > LONG_HELP && said.insert(help.clone(), code).is_some() {
            *help = format!("the same as above, with the first {code}");
        }
    }
    let mut places = vec![place(&first)];
    for message in messages {
        let place = place(&message);
        if places.last() != Some(&place) {
            places.push(place); // of several targets, one place is enough
        }
    }
    if let Some(more) = places.len().checked_sub(1).filter(|more| *more > 0) {
        let named = places.get(1..=more.min(PLACES)).unwrap_or_default().join(", ");
        let rest = if more > PLACES { format!(" and {} more", more - PLACES) } else { String::new() };
        let times = if more == 1 { "once more".to_owned() } else { format!("{more} times more") };
        first.diagnostic.help.push(format!("said {times}: {named}{rest}"));
    }
    voice.render([&first.diagnostic], first.source)
}

fn place(message: &Message<'_>) -> String {
    let name = message.source.name();
    match message.diagnostic.span {
        Some(span) => format!("{name}:{}", message.source.position(span.start as usize).line),
        None => name.to_string(),
    }
}
