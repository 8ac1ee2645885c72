//! YAML text to a tree of nodes with byte spans.
//!
//! The events come from `saphyr-parser`; this file gives them spans in bytes, the core schema, and limits. A stream is
//! cut at its `---` lines first, which YAML forbids inside any node, so a document with a syntax error does not take the
//! others with it. Nothing here knows Sigma.

use std::borrow::Cow;
use std::collections::BTreeMap;

use saphyr_parser::{Event, Parser, ScalarStyle, Span as Marks, StrInput, Tag};

use self::surrogate::Rewritten;
use super::messages::Messages;
use super::scalar::{self, Kind, Scalar, Style};
use super::slips;
use crate::diagnostic::{Diagnostic, codes};
use crate::source::{Source, Span};

mod surrogate;

/// The largest source that is read, in bytes.
pub const MAX_BYTES: usize = 16 << 20;
/// The most documents of one source.
pub const MAX_DOCUMENTS: usize = 10_000;
/// The deepest nesting of lists and maps.
pub const MAX_DEPTH: usize = 64;
/// The most nodes that aliases may add to a document.
pub const MAX_ALIAS_NODES: usize = 10_000;
/// The most nodes that a document may hold under anchors, nested ones counted again.
const MAX_ANCHORED: usize = 100_000;

/// A node of the tree.
#[derive(Debug, Clone, PartialEq)]
pub struct Node<'s> {
    /// What it is.
    pub value: Value<'s>,
    /// Where it stands; a block's span begins at its first child and ends with its last.
    pub span: Span,
}

/// The kinds of nodes.
#[derive(Debug, Clone, PartialEq)]
pub enum Value<'s> {
    /// A scalar.
    Scalar(Scalar<'s>),
    /// A list.
    List(Vec<Node<'s>>),
    /// A map in source order.
    Map(Vec<Entry<'s>>),
}

/// A key with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct Entry<'s> {
    /// The key.
    pub key: Scalar<'s>,
    /// Where the key stands.
    pub key_span: Span,
    /// The value.
    pub value: Node<'s>,
}

impl Entry<'_> {
    /// From the start of the key to the end of the value.
    pub fn span(&self) -> Span {
        self.key_span.to(self.value.span)
    }
}

impl Node<'_> {
    /// The node with texts of its own.
    fn into_owned(self) -> Node<'static> {
        let value = match self.value {
            Value::Scalar(scalar) => Value::Scalar(scalar.into_owned()),
            Value::List(nodes) => Value::List(nodes.into_iter().map(Node::into_owned).collect()),
            Value::Map(entries) => {
                let entry =
                    |e: Entry<'_>| Entry { key: e.key.into_owned(), key_span: e.key_span, value: e.value.into_owned() };
                Value::Map(entries.into_iter().map(entry).collect())
            }
        };
        Node { value, span: self.span }
    }

    /// Whether the node is a null scalar.
    pub fn is_null(&self) -> bool {
        matches!(&self.value, Value::Scalar(scalar) if scalar.kind == Kind::Null)
    }

    /// The kind in words, for messages.
    pub fn describe(&self) -> &'static str {
        match &self.value {
            Value::Scalar(scalar) => scalar.kind.describe(),
            Value::List(_) => "a list",
            Value::Map(_) => "a map",
        }
    }

    /// How much the node weighs in the limits: its nodes, long texts counted as several.
    fn weight(&self) -> usize {
        match &self.value {
            Value::Scalar(scalar) => 1 + scalar.text.len() / 64,
            Value::List(items) => 1 + items.iter().map(Node::weight).sum::<usize>(),
            Value::Map(entries) => {
                1 + entries.iter().map(|e| 1 + e.key.text.len() / 64 + e.value.weight()).sum::<usize>()
            }
        }
    }
}

/// Reads the documents of a source in order, with what is to be said about them; for other YAML than rules.
pub(crate) fn read(source: &Source) -> (Vec<Node<'_>>, Vec<Diagnostic>) {
    let mut messages = Messages::default();
    let stream = documents(source, |_| true, &mut messages);
    stream.lost.into_iter().for_each(|lost| messages.push(lost.why));
    let sound = stream.documents.into_iter().filter(|document| document.soundness == Soundness::Sound);
    (sound.map(|document| document.node).collect(), messages.finish())
}

/// Whether there was an error so far.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Soundness {
    Sound,
    Broken,
}

/// A document of a stream.
#[derive(Debug)]
pub(super) struct Document<'s> {
    /// Its top node.
    pub node: Node<'s>,
    /// Broken where it is YAML that no rule may use; what is to be said about the rest of it can be said.
    pub soundness: Soundness,
}

/// What a source holds.
#[derive(Debug, Default)]
pub(super) struct Stream<'s> {
    /// The documents in order, without empty ones.
    pub documents: Vec<Document<'s>>,
    /// What is no YAML.
    pub lost: Vec<Lost>,
}

/// A document that is no YAML.
#[derive(Debug)]
pub(super) struct Lost {
    /// From the end of the document before it to its own.
    pub span: Span,
    /// Why; the caller says it.
    pub why: Diagnostic,
}

/// Reads the documents of a source. What is wrong under a key at the top that is not `essential` is a warning.
pub(super) fn documents<'s>(source: &'s Source, essential: fn(&str) -> bool, messages: &mut Messages) -> Stream<'s> {
    let text = source.text();
    if text.len() > MAX_BYTES {
        let message = format!("the file has {} bytes, the limit is {MAX_BYTES}", text.len());
        messages.push(Diagnostic::new(codes::SOURCE_TOO_LARGE, message).help("split the file into several"));
        return Stream::default();
    }
    if let Some(at) = text.find('\0') {
        let message = "the text holds a NUL character, so it is no YAML";
        messages.push(Diagnostic::new(codes::YAML_SYNTAX, message).at(Span::new(at, at + 1)));
        return Stream::default();
    }
    let mut out = Stream::default();
    for (count, (start, end)) in chunks(text).into_iter().enumerate() {
        if count == MAX_DOCUMENTS {
            let message = format!("the file has more than {MAX_DOCUMENTS} documents");
            let at = Span::new(start, (start + 3).min(end));
            messages.push(Diagnostic::new(codes::SOURCE_TOO_LARGE, message).at(at).help("split the file into several"));
            break;
        }
        let written = &text[start..end];
        match Rewritten::new(written) {
            None => Loader::new(written, None, start, essential, messages).run(&mut out),
            Some(rewritten) => {
                let mut stream = Stream::default();
                Loader::new(written, Some(&rewritten), start, essential, messages).run(&mut stream);
                let owned = |d: Document<'_>| Document { node: d.node.into_owned(), soundness: d.soundness };
                out.documents.extend(stream.documents.into_iter().map(owned));
                out.lost.extend(stream.lost);
            }
        }
    }
    out
}

/// The byte ranges between the `---` lines, those without content left out; a `---` line belongs to what follows it.
fn chunks(text: &str) -> Vec<(usize, usize)> {
    let start = if text.starts_with('\u{feff}') { '\u{feff}'.len_utf8() } else { 0 };
    let is_marker = |at: usize| {
        text[at..].starts_with("---")
            && matches!(text.as_bytes().get(at + 3), None | Some(b' ' | b'\t' | b'\r' | b'\n'))
    };
    let mut out = Vec::new();
    let mut from = start;
    let mut close = |from: usize, to: usize| {
        let body = text[from..to].strip_prefix("---").unwrap_or(&text[from..to]);
        if !body.bytes().all(|b| b.is_ascii_whitespace()) {
            out.push((from, to));
        }
    };
    for (at, _) in text.match_indices("\n---") {
        let at = at + 1;
        if is_marker(at) && !is_prologue(&text[from..at]) {
            close(from, at);
            from = at;
        }
    }
    close(from, text.len());
    out
}

/// Whether there are only comments and directives (`%YAML 1.2`), which need the marker that follows them.
fn is_prologue(text: &str) -> bool {
    text.lines().all(|line| line.trim().is_empty() || line.starts_with(['#', '%']))
}

/// The quoted scalar that the text begins with, from quote to quote.
fn quoted(text: &str) -> &str {
    let bytes = text.as_bytes();
    let quote = bytes.first().copied().unwrap_or_default();
    let mut at = 1;
    while let Some(&b) = bytes.get(at) {
        match b {
            b'\\' if quote == b'"' => at += 1,
            b if b == quote && quote == b'\'' && bytes.get(at + 1) == Some(&quote) => at += 1,
            b if b == quote => return text.get(..=at).unwrap_or(text),
            _ => {}
        }
        at += 1;
    }
    text
}

/// Byte offsets of the characters of a text.
struct Offsets<'s> {
    text: &'s str,
    base: usize,
    /// The byte offset of every [`Self::STEP`]th character; `None` where every character is one byte.
    table: Option<Vec<u32>>,
}

impl<'s> Offsets<'s> {
    const STEP: usize = 32;

    fn new(text: &'s str, base: usize) -> Self {
        let table = (!text.is_ascii()).then(|| {
            text.char_indices().step_by(Self::STEP).map(|(at, _)| u32::try_from(at).unwrap_or(u32::MAX)).collect()
        });
        Self { text, base, table }
    }

    /// The byte offset within the chunk of the character with this number; past the end it is the end.
    fn local(&self, index: usize) -> usize {
        let Some(table) = &self.table else { return index.min(self.text.len()) };
        let Some(&from) = table.get(index / Self::STEP) else { return self.text.len() };
        let from = from as usize;
        let rest = self.text.get(from..).unwrap_or("");
        rest.char_indices().nth(index % Self::STEP).map_or(self.text.len(), |(at, _)| from + at)
    }

    fn range(&self, marks: Marks) -> (usize, usize) {
        let start = self.local(marks.start.index());
        (start, self.local(marks.end.index()).max(start))
    }

    fn span(&self, marks: Marks) -> Span {
        let (start, end) = self.range(marks);
        Span::new(self.base + start, self.base + end)
    }
}

/// Builds the nodes of one chunk.
struct Loader<'s, 'm> {
    parser: Parser<'s, StrInput<'s>>,
    offsets: Offsets<'s>,
    /// What the parser reads where that is not the source's own text.
    rewritten: Option<&'s Rewritten<'s>>,
    /// Which keys at the top make the document what it is.
    essential: fn(&str) -> bool,
    messages: &'m mut Messages,
    anchors: BTreeMap<usize, Node<'s>>,
    anchored: usize,
    added: usize,
}

/// A reason to give up the chunk.
type Fatal = Box<Diagnostic>;

impl<'s, 'm> Loader<'s, 'm> {
    fn new(
        text: &'s str,
        rewritten: Option<&'s Rewritten<'s>>,
        base: usize,
        essential: fn(&str) -> bool,
        messages: &'m mut Messages,
    ) -> Self {
        Self {
            parser: Parser::new_from_str(rewritten.map_or(text, |rewritten| &rewritten.text)),
            offsets: Offsets::new(text, base),
            rewritten,
            essential,
            messages,
            anchors: BTreeMap::new(),
            anchored: 0,
            added: 0,
        }
    }

    fn run(mut self, out: &mut Stream<'s>) {
        let mut from = self.offsets.base;
        loop {
            let before = self.messages.errors();
            match self.document() {
                Ok(None) => return,
                Ok(Some(node)) if node.is_null() => {}
                Ok(Some(node)) => {
                    let sound = self.messages.errors() == before;
                    from = node.span.end as usize;
                    let soundness = if sound { Soundness::Sound } else { Soundness::Broken };
                    out.documents.push(Document { node, soundness });
                }
                Err(fatal) => {
                    let span = Span::new(from, self.offsets.base + self.offsets.text.len());
                    return out.lost.push(Lost { span, why: *fatal });
                }
            }
        }
    }

    fn next(&mut self) -> Result<(Event<'s>, Marks), Fatal> {
        match self.parser.next_event() {
            Some(Ok(event)) => Ok(event),
            None => Ok((Event::StreamEnd, Marks::default())),
            Some(Err(error)) => {
                let at = self.offsets.local(error.marker().index());
                let width = self.offsets.text[at..].chars().next().map_or(0, char::len_utf8);
                let span = Span::new(self.offsets.base + at, self.offsets.base + at + width);
                let colon = ["mapping values", "':'", "simple key"].iter().any(|words| error.info().contains(words));
                if let Some(diagnostic) =
                    colon.then(|| slips::missing_colon_before(self.offsets.text, at, self.offsets.base)).flatten()
                {
                    return Err(Box::new(diagnostic));
                }
                let message = format!("this is no YAML: {}", error.info());
                let diagnostic = Diagnostic::new(codes::YAML_SYNTAX, message).at(span);
                Err(Box::new(match self.way_out(error.info(), at) {
                    Some(help) => diagnostic.help(help),
                    None => diagnostic,
                }))
            }
        }
    }

    /// What authors of rules mostly meant where the parser stops; it knows YAML only.
    fn way_out(&self, problem: &str, at: usize) -> Option<&'static str> {
        if self.line_of(at).starts_with('\t') || problem.contains("found a tab") {
            return Some("indent with blanks; YAML forbids tabs there");
        }
        match self.offsets.text[at..].chars().next() {
            Some('*') => Some("a value that begins with `*` needs quotes, such as `'*.exe'`"),
            Some('%' | '@' | '`') => Some("a value that begins with this character needs quotes"),
            _ if problem.contains("Unicode character escape") => {
                Some("a character above U+FFFF is one pair such as `\\uD83D\\uDE00`, or `\\U0001F600`")
            }
            _ if problem.contains("unknown escape") => Some("use single quotes, in which a backslash is a backslash"),
            _ if problem.contains("mapping values") => Some("a value that has `: ` in it needs quotes"),
            _ => None,
        }
    }

    /// The text from the start of the line that holds the offset.
    fn line_of(&self, at: usize) -> &'s str {
        let start = self.offsets.text[..at].rfind('\n').map_or(0, |i| i + 1);
        &self.offsets.text[start..]
    }

    fn document(&mut self) -> Result<Option<Node<'s>>, Fatal> {
        loop {
            let (event, marks) = self.next()?;
            match event {
                Event::StreamEnd => return Ok(None),
                Event::Nothing | Event::StreamStart | Event::DocumentStart(_) | Event::DocumentEnd => {}
                event => {
                    self.anchors.clear();
                    (self.anchored, self.added) = (0, 0);
                    return self.node(event, marks, 0).map(Some);
                }
            }
        }
    }

    fn node(&mut self, event: Event<'s>, marks: Marks, depth: usize) -> Result<Node<'s>, Fatal> {
        let (anchor, node) = match event {
            Event::Alias(id) => return self.alias(id, marks),
            Event::Scalar(text, style, anchor, tag) => (anchor, self.scalar(text, style, tag.as_deref(), marks)),
            Event::SequenceStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "seq", marks);
                (anchor, self.list(marks, depth + 1)?)
            }
            Event::MappingStart(anchor, tag) => {
                self.check_tag(tag.as_deref(), "map", marks);
                (anchor, self.map(marks, depth + 1)?)
            }
            _ => {
                let diagnostic = Diagnostic::new(codes::YAML_SYNTAX, "this is no YAML: a node is missing here");
                return Err(Box::new(diagnostic.at(self.offsets.span(marks))));
            }
        };
        if anchor != 0 {
            self.anchored += node.weight();
            if self.anchored > MAX_ANCHORED {
                let message = format!("anchors hold more than {MAX_ANCHORED} nodes");
                return Err(Box::new(Diagnostic::new(codes::YAML_ALIAS, message).at(node.span)));
            }
            self.anchors.insert(anchor, node.clone());
        }
        Ok(node)
    }

    fn alias(&mut self, id: usize, marks: Marks) -> Result<Node<'s>, Fatal> {
        let span = self.offsets.span(marks);
        let fail = |message: String| Err(Box::new(Diagnostic::new(codes::YAML_ALIAS, message).at(span)));
        let Some(node) = self.anchors.get(&id) else {
            return fail("the alias stands inside the node that it names".into());
        };
        self.added += node.weight();
        if self.added > MAX_ALIAS_NODES {
            return fail(format!("aliases add more than {MAX_ALIAS_NODES} nodes to the document"));
        }
        Ok(node.clone())
    }

    fn check_depth(&self, marks: Marks, depth: usize) -> Result<(), Fatal> {
        if depth <= MAX_DEPTH {
            return Ok(());
        }
        let message = format!("lists and maps are nested more than {MAX_DEPTH} deep");
        Err(Box::new(Diagnostic::new(codes::YAML_NESTING, message).at(self.offsets.span(marks))))
    }

    fn list(&mut self, start: Marks, depth: usize) -> Result<Node<'s>, Fatal> {
        self.check_depth(start, depth)?;
        let mut items = Vec::new();
        let end = loop {
            match self.next()? {
                (Event::SequenceEnd, marks) => break marks,
                (event, marks) => items.push(self.node(event, marks, depth)?),
            }
        };
        let span = self.collection_span(start, end, items.first().map(|n| n.span), items.last().map(|n| n.span));
        Ok(Node { value: Value::List(items), span })
    }

    fn map(&mut self, start: Marks, depth: usize) -> Result<Node<'s>, Fatal> {
        self.check_depth(start, depth)?;
        let mut entries: Vec<Entry<'s>> = Vec::new();
        let end = loop {
            let (event, marks) = match self.next()? {
                (Event::MappingEnd, marks) => break marks,
                pair => pair,
            };
            let mark = self.messages.mark();
            let node = self.node(event, marks, depth)?;
            let (event, marks) = self.next()?;
            let mut value = self.node(event, marks, depth)?;
            if depth == 1 && matches!(&node.value, Value::Scalar(key) if !(self.essential)(&key.text)) {
                self.messages.demote(mark);
            }
            let Value::Scalar(key) = node.value else {
                let message = format!("{} cannot be a key", node.describe());
                self.messages.push(Diagnostic::new(codes::YAML_FEATURE, message).at(node.span));
                continue;
            };
            if value.is_null() && value.span.start == value.span.end {
                // The parser puts an omitted value where it noticed; it belongs after its key.
                value.span = Span { start: node.span.end, end: node.span.end };
            }
            entries.push(Entry { key, key_span: node.span, value });
        };
        self.check_keys(&entries, depth);
        let span = self.collection_span(
            start,
            end,
            entries.first().map(|e| e.key_span),
            entries.last().map(|e| e.key_span.to(e.value.span)),
        );
        Ok(Node { value: Value::Map(entries), span })
    }

    /// A flow collection reaches from bracket to bracket, a block from its first child to its last.
    fn collection_span(&self, start: Marks, end: Marks, first: Option<Span>, last: Option<Span>) -> Span {
        let (from, _) = self.offsets.range(start);
        let (to, after) = self.offsets.range(end);
        let byte = |at: usize| self.offsets.text.as_bytes().get(at);
        let flow = matches!(byte(from), Some(b'[' | b'{'));
        match (first, last) {
            (Some(first), Some(last)) if !flow => Span { start: first.start, end: last.end.max(first.end) },
            _ => {
                let after = if matches!(byte(to), Some(b']' | b'}')) { to + 1 } else { after };
                Span::new(self.offsets.base + from, self.offsets.base + after)
            }
        }
    }

    fn check_keys(&mut self, entries: &[Entry<'s>], depth: usize) {
        for entry in entries {
            let mark = self.messages.mark();
            if entry.key.style == Style::Plain && entry.key.text == "<<" {
                let diagnostic = Diagnostic::new(codes::YAML_FEATURE, "the merge key `<<` is not part of YAML 1.2");
                self.messages.push(diagnostic.at(entry.key_span).help("write the merged keys out"));
                if depth == 1 && !(self.essential)("<<") {
                    self.messages.demote(mark);
                }
            }
        }
        let mut order = (0..entries.len()).collect::<Vec<_>>();
        order.sort_by(|&a, &b| entries[a].key.text.cmp(&entries[b].key.text).then(a.cmp(&b)));
        for run in order.chunk_by(|&a, &b| entries[a].key.text == entries[b].key.text) {
            for &again in &run[1..] {
                let (first, again) = (&entries[run[0]], &entries[again]);
                let mark = self.messages.mark();
                let message = format!("the key `{}` stands twice in one map", again.key.text);
                let diagnostic = Diagnostic::new(codes::DUPLICATE_KEY, message).at(again.key_span);
                self.messages.push(diagnostic.label(first.key_span, "first here").help(match depth {
                    1 => "keep one of them",
                    _ => "in a selection, put both values into one list, or make two selections",
                }));
                if depth == 1 && !(self.essential)(&again.key.text) {
                    self.messages.demote(mark);
                }
            }
        }
    }

    fn scalar(&mut self, text: Cow<'s, str>, style: ScalarStyle, tag: Option<&Tag>, marks: Marks) -> Node<'s> {
        let (start, end) = self.offsets.range(marks);
        let written = self.offsets.text.get(start..end).unwrap_or("");
        let text = match self.rewritten {
            Some(rewritten) => Cow::Owned(rewritten.restore(&text, start..end, style == ScalarStyle::DoubleQuoted)),
            None => text,
        };
        let (style, skip) = match style {
            ScalarStyle::Plain => (Style::Plain, 0),
            ScalarStyle::SingleQuoted | ScalarStyle::DoubleQuoted => (Style::Quoted, 1),
            ScalarStyle::Literal | ScalarStyle::Folded => (Style::Block, 0),
        };
        // The parser's span of a quoted scalar reaches to the next token, over a comment.
        let written = if style == Style::Quoted { quoted(written) } else { written.trim_end() };
        let body = written.get(skip..written.len().saturating_sub(skip)).unwrap_or("");
        let at = u32::try_from(self.offsets.base + start + skip).unwrap_or(u32::MAX);
        let text = if style == Style::Block && text.contains('\r') {
            Cow::Owned(text.replace("\r\n", "\n").replace('\r', "\n"))
        } else {
            text
        };
        let mut kind = if style == Style::Plain { scalar::resolve(&text) } else { Kind::Text };
        if let Some(tag) = tag {
            kind = self.tagged(tag, kind, marks);
        }
        let verbatim = (style != Style::Block && body == text).then_some(at);
        let end = start + written.len();
        let span = Span::new(self.offsets.base + start, self.offsets.base + end);
        Node { value: Value::Scalar(Scalar { text, style, kind, verbatim }), span }
    }

    /// The kind of a scalar with a tag; tags outside the core schema are errors.
    fn tagged(&mut self, tag: &Tag, kind: Kind, marks: Marks) -> Kind {
        let suffix = if tag.is_yaml_core_schema() { tag.suffix.as_str() } else { "" };
        match (suffix, kind) {
            ("str", _) => return Kind::Text,
            ("null", Kind::Null) | ("bool", Kind::Bool(_)) | ("int", Kind::Int(_)) | ("float", Kind::Float(_)) => {}
            ("", _) if tag.handle.is_empty() && tag.suffix == "!" => return Kind::Text,
            _ => self.refuse_tag(tag, marks),
        }
        kind
    }

    fn check_tag(&mut self, tag: Option<&Tag>, expected: &str, marks: Marks) {
        if let Some(tag) = tag
            && !(tag.is_yaml_core_schema() && tag.suffix == expected)
        {
            self.refuse_tag(tag, marks);
        }
    }

    fn refuse_tag(&mut self, tag: &Tag, marks: Marks) {
        let message = format!("the tag `{tag}` is not supported here");
        let diagnostic = Diagnostic::new(codes::YAML_FEATURE, message).at(self.offsets.span(marks));
        self.messages.push(diagnostic.help("remove the tag"));
    }
}

#[cfg(test)]
mod tests;
