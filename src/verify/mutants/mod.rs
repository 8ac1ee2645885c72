//! MUTANTS: a target's templates and operands, each with one mistake in it, and whether the comparison notices.
//!
//! Mutants are made by program from the macros of the target's templates, the user's own as those in the program, so there is no
//! list to keep:
//!
//! * `source`: template files as text with tags
//! * `text`: mistakes in a macro's text
//! * `operand`: mistakes in a finished operand, made while a query is rendered
//! * `mistakes`: what a language's words are near to, as data of its templates
//! * `bench`: the run over rules, each rule's events judged once for all mutants
//! * `equivalent`: proof that a mutant cannot be told from the original
//! * `score`: caught, equivalent, survived, unviable
//!
//! Mappings have mutants as well: `mapping::slips` makes pipelines with one wrong fact. Their queries are asked for the events that the
//! right mapping makes, so that a fact is not wrong twice.
//!
//! Nothing here reads files or prints, and no rule is changed: the interpreter's verdicts are those of the rule as it is.

mod bench;
mod equivalent;
mod mistakes;
mod operand;
mod score;
mod source;
mod text;

use std::collections::{BTreeSet, HashMap};

use serde::{Deserialize, Serialize};

pub use bench::{Bench, Examined, Seat};
pub use score::{Score, Scores, Survivor, Verdict};

use crate::diagnostic::Diagnostic;
use crate::mapping::{Pipeline, Slip};
use crate::target::call::{Call, alter};
use crate::target::plan::Query;
use crate::target::{Target, Templates};
use mistakes::Mistakes;

/// The kinds of mistakes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Kind {
    /// Letter case kept or dropped.
    Case,
    /// Finds too much at an end.
    Widen,
    /// Finds too little at an end.
    Narrow,
    /// Terms instead of text.
    Term,
    /// A list cut.
    List,
    /// Null for empty, missing for null.
    Null,
    /// A guard or function dropped.
    Guard,
    /// One wildcard for another.
    Wildcard,
    /// An escape forgotten or doubled.
    Escape,
    /// Anchors, flags, whole text for search.
    Anchor,
    /// A bound by one, strict for loose.
    Bound,
    /// A network by one bit.
    Network,
    /// One family of addresses for another.
    Family,
    /// A constant for a field or a leaf.
    Constant,
    /// Another field.
    Field,
    /// A letter of a literal lost.
    Literal,
    /// A literal in another type.
    Type,
    /// The order of arguments.
    Argument,
    /// Parentheses, connectives, negation.
    Structure,
    /// The operator of another macro.
    Operator,
    /// The other sub-language of a target.
    SubLanguage,
    /// Statements lost.
    Statement,
    /// The other branch of a template.
    Branch,
    /// Another time zone.
    Zone,
    /// A step of a mapping.
    Mapping,
}

impl Kind {
    /// Its word.
    pub fn as_str(self) -> &'static str {
        match self {
            Kind::Case => "case",
            Kind::Widen => "widen",
            Kind::Narrow => "narrow",
            Kind::Term => "term",
            Kind::List => "list",
            Kind::Null => "null",
            Kind::Guard => "guard",
            Kind::Wildcard => "wildcard",
            Kind::Escape => "escape",
            Kind::Anchor => "anchor",
            Kind::Bound => "bound",
            Kind::Network => "network",
            Kind::Family => "family",
            Kind::Constant => "constant",
            Kind::Field => "field",
            Kind::Literal => "literal",
            Kind::Type => "type",
            Kind::Argument => "argument",
            Kind::Structure => "structure",
            Kind::Operator => "operator",
            Kind::SubLanguage => "sub-language",
            Kind::Statement => "statement",
            Kind::Branch => "branch",
            Kind::Zone => "zone",
            Kind::Mapping => "mapping",
        }
    }
}

/// One mistake.
#[derive(Debug, Clone)]
pub struct Mutant {
    /// The template file, or the mapping's.
    pub file: String,
    /// The macro, or the mapping's item.
    pub name: String,
    /// Of which kind the mistake is.
    pub kind: Kind,
    /// The mistake in words.
    pub what: String,
    change: Change,
}

#[derive(Debug, Clone)]
enum Change {
    /// The file reads so.
    Text(String),
    /// The mapping is this one.
    Mapping(Box<Pipeline>),
    /// The macro's argument at this place is changed.
    Operand(usize, operand::Edit),
}

/// The mutants of a target, and what they are made with.
pub struct Mutants {
    /// In the order of files and macros.
    pub all: Vec<Mutant>,
    mistakes: Mistakes,
    /// For each file and macro those that call it, itself among them, to any depth.
    callers: Vec<(String, String, BTreeSet<String>)>,
    /// The places of fields among the parameters of macros.
    fields: Vec<(String, usize)>,
}

impl Mutants {
    /// Makes the mutants of a target with these templates.
    ///
    /// # Errors
    /// Where the file about a language's mistakes is not as it should be.
    pub fn of(target: &Target, templates: &Templates) -> Result<Mutants, Diagnostic> {
        let room = target.room();
        let mistakes = Mistakes::load(room, templates)?;
        let used = target.macro_files(templates);
        let files: Vec<(String, String)> = templates
            .files_of(room)
            .into_iter()
            .filter(|path| used.contains(path))
            .filter_map(|path| Some((path.clone(), templates.get(&path)?.to_owned())))
            .collect();
        let mut out = Mutants { all: Vec::new(), mistakes, callers: Vec::new(), fields: Vec::new() };
        for (path, text) in &files {
            out.file(path, text, &files);
        }
        let query = format!("{room}/query.j2");
        if let Some(text) = templates.get(&query) {
            let edits = text::query_edits(text);
            out.texts(&query, "query", text, edits);
        }
        Ok(out)
    }

    /// Adds the mistakes of mappings, with the names of their files.
    fn mappings(&mut self, slips: Vec<(String, Slip)>) {
        for (file, Slip { item, what, pipeline }) in slips {
            let (name, change) = (item.to_string(), Change::Mapping(Box::new(pipeline)));
            self.all.push(Mutant { file, name, kind: Kind::Mapping, what, change });
        }
    }

    fn file(&mut self, path: &str, text: &str, files: &[(String, String)]) {
        let macros = source::macros(text);
        for own in &macros {
            self.callers.push((path.to_owned(), own.name.clone(), callers(text, &macros, &own.name)));
            let others: Vec<(String, String)> = files
                .iter()
                .filter(|(other, _)| other != path)
                .filter_map(|(other, text)| {
                    let twin = source::macros(text).into_iter().find(|m| m.name == own.name)?;
                    let same = twin.parameters == own.parameters;
                    same.then(|| (other.clone(), text.get(twin.body).unwrap_or("").to_owned()))
                })
                .collect();
            let edits = text::edits(text, own, &macros, &others, &self.mistakes);
            self.texts(path, &own.name, text, edits);
            for (place, parameter) in own.parameters.iter().enumerate() {
                if self.mistakes.fields.contains(parameter) {
                    self.fields.push((own.name.clone(), place));
                }
                for edit in operand::edits_of(&own.name, parameter, &self.mistakes) {
                    self.all.push(Mutant {
                        file: path.to_owned(),
                        name: own.name.clone(),
                        kind: edit.kind(),
                        what: format!("`{parameter}`: {}", edit.what()),
                        change: Change::Operand(place, edit),
                    });
                }
            }
        }
    }

    fn texts(&mut self, path: &str, name: &str, text: &str, edits: Vec<text::Edit>) {
        let (mut seen, mut said) = (BTreeSet::new(), HashMap::new());
        for edit in edits {
            let mut changed = text.to_owned();
            changed.replace_range(edit.range, &edit.with);
            if changed != text && seen.insert(changed.clone()) {
                let (file, name) = (path.to_owned(), name.to_owned());
                // The same may be done in several places.
                let before = said.entry(edit.what.clone()).or_insert(0_usize);
                *before += 1;
                let what = if *before > 1 { format!("{} (place {before})", edit.what) } else { edit.what };
                self.all.push(Mutant { file, name, kind: edit.kind, what, change: Change::Text(changed) });
            }
        }
    }

    /// Whether a query whose plan calls these macros may change by a mutant.
    fn concerns(&self, mutant: &Mutant, called: &BTreeSet<&str>) -> bool {
        match &mutant.change {
            Change::Operand(..) => called.contains(mutant.name.as_str()),
            Change::Mapping(_) => true,
            Change::Text(_) => {
                let callers = self.callers.iter().find(|(file, name, _)| *file == mutant.file && *name == mutant.name);
                callers.is_none_or(|(.., callers)| callers.iter().any(|name| called.contains(name.as_str())))
            }
        }
    }
}

/// The macros that call this one, itself among them.
fn callers(text: &str, macros: &[source::Macro], name: &str) -> BTreeSet<String> {
    let body = |m: &source::Macro| text.get(m.body.clone()).unwrap_or("").to_owned();
    let mut out: BTreeSet<String> = [name.to_owned()].into();
    loop {
        let before = out.len();
        for other in macros {
            let found = source::mentions(&body(other), out.iter().map(String::as_str));
            if !found.is_empty() {
                out.insert(other.name.clone());
            }
        }
        if out.len() == before {
            return out;
        }
    }
}

impl Mutant {
    /// The target with the mistake in its templates; `None` where the templates are as they are or cannot be read.
    fn target(&self, name: &str, templates: &Templates) -> Option<Target> {
        match &self.change {
            Change::Text(text) => {
                Target::load(name, &templates.clone().with_override(self.file.clone(), text.as_str())).ok()
            }
            Change::Operand(..) | Change::Mapping(_) => None,
        }
    }

    /// Makes the mistake in a plan.
    fn alter(&self, query: &mut Query, fields: &[String], mistakes: &Mistakes) {
        if let Change::Operand(place, edit) = &self.change {
            let mut change = |call: &mut Call| {
                if call.name == self.name {
                    edit.apply(call, *place, fields, mistakes);
                }
            };
            alter(query, &mut change);
        }
    }
}
