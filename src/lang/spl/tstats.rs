//! `| tstats .. from datamodel=M.D where .. by ..`, and the `rename` after it.
//!
//! Source: the page "tstats" of the Search Reference. Its `where` takes the conditions of `search` over fields that have the
//! data set's name before theirs, no raw text. The rows that follow have the fields of `by` and nothing else of the events: "If
//! you do not provide a `fillnull_value` argument, tstats omits rows for events with one or more null field values". Not
//! modelled: a field of `by` with many values, comparisons other than `=`, other functions than those on `_time`.

use super::ast::{CompareOp, Name, SearchExpr, SearchKind, Stage};
use super::lexer::{Kind, Token};
use super::search;
use super::value::Row;
use crate::lang::Error;
use crate::source::Span;

/// Reads the tokens after `tstats`.
pub(super) fn parse(tokens: &[Token<'_>], command: Span) -> Result<Stage, Error> {
    let wrong = |message: &str| Error::new(message, command);
    let place = |word: &str| tokens.iter().position(|token| token.kind == Kind::Word(word));
    let (Some(from), Some(by)) = (place("from"), place("by")) else {
        return Err(wrong("expected `from datamodel=..` and `by`"));
    };
    let fill = options(tokens.get(..from).unwrap_or_default())?;
    let rest = tokens.get(from + 1..by).ok_or_else(|| wrong("`by` stands before `from`"))?;
    let kinds: Vec<_> = rest.iter().take(4).map(|token| token.kind).collect();
    let (set, condition) = match kinds.as_slice() {
        [Kind::Word("datamodel"), Kind::Mark("="), Kind::Word(name)] => (name, None),
        [Kind::Word("datamodel"), Kind::Mark("="), Kind::Word(name), Kind::Word("where")] => {
            let end = Token { kind: Kind::End, span: command };
            let terms = rest.iter().skip(4).cloned().chain([end]).collect();
            (name, Some(search::parse(terms)?))
        }
        _ => return Err(wrong("expected `from datamodel=MODEL.SET where`")),
    };
    let (_, set) = set.rsplit_once('.').ok_or_else(|| wrong("expected a data model and a data set"))?;
    let condition = condition.map(|condition| within(condition, set)).transpose()?;
    let fields = tokens.iter().skip(by + 1).take_while(|token| token.kind != Kind::End);
    let by = fields
        .map(|token| match token.kind {
            Kind::Word(name) => local(&Name { text: name.to_owned(), span: token.span }, set),
            _ => Err(Error::new("expected a field", token.span)),
        })
        .collect::<Result<Vec<_>, _>>()?;
    Ok(Stage::Tstats { set: set.to_owned(), fill, condition, by })
}

/// The options and functions before `from`: what is filled into missing fields of `by`.
fn options(mut tokens: &[Token<'_>]) -> Result<Option<String>, Error> {
    let mut fill = None;
    while let [first, ..] = tokens {
        let kinds: Vec<_> = tokens.iter().take(6).map(|token| token.kind).collect();
        let taken = match kinds.as_slice() {
            [Kind::Word("fillnull_value"), Kind::Mark("="), Kind::Quoted(text), ..] if !text.contains('\\') => {
                fill = Some((*text).to_owned());
                3
            }
            [
                Kind::Word("summariesonly" | "allow_old_summaries"),
                Kind::Mark("="),
                Kind::Word("true" | "false"),
                ..,
            ] => 3,
            [Kind::Word("count"), ..] => 1,
            [
                Kind::Word("min" | "max"),
                Kind::Mark("("),
                Kind::Word("_time"),
                Kind::Mark(")"),
                Kind::Word("as"),
                Kind::Word(_),
            ] => 6,
            _ => return Err(Error::new("this option or function of `tstats` is not modelled", first.span)),
        };
        tokens = tokens.get(taken..).unwrap_or_default();
    }
    Ok(fill)
}

/// `rename SET.* as *`
pub(super) fn parse_rename(tokens: &[Token<'_>], command: Span) -> Result<Stage, Error> {
    let kinds: Vec<_> = tokens.iter().map(|token| token.kind).collect();
    match kinds.as_slice() {
        [Kind::Word(from), Kind::Word("as"), Kind::Word("*"), Kind::End] if from.ends_with(".*") => {
            Ok(Stage::Rename { prefix: from.trim_end_matches('*').to_owned() })
        }
        _ => Err(Error::new("only `rename SET.* as *` is modelled", command)),
    }
}

/// The condition with the data set's name taken off its fields.
fn within(mut expr: SearchExpr, set: &str) -> Result<SearchExpr, Error> {
    match &mut expr.kind {
        SearchKind::And(parts) | SearchKind::Or(parts) => {
            *parts = std::mem::take(parts).into_iter().map(|part| within(part, set)).collect::<Result<_, _>>()?;
        }
        SearchKind::Not(part) => **part = within((**part).clone(), set)?,
        SearchKind::Compare(name, CompareOp::Equal, _) | SearchKind::In(name, _) => *name = local(name, set)?,
        SearchKind::Compare(..) => return Err(Error::new("this comparison is not modelled in `tstats`", expr.span)),
        SearchKind::Term(_) => return Err(Error::new("a data model has no raw text", expr.span)),
    }
    Ok(expr)
}

fn local(name: &Name, set: &str) -> Result<Name, Error> {
    match name.text.strip_prefix(set).and_then(|rest| rest.strip_prefix('.')) {
        Some(rest) if !rest.is_empty() => Ok(Name { text: rest.to_owned(), span: name.span }),
        _ => Err(Error::new(format!("`{}` is no field of the data set `{set}`", name.text), name.span)),
    }
}

/// The row that an event of a data set gives; `None` where it gives none.
pub(super) fn row(event: &Row, set: &str, fill: Option<&str>, by: &[Name]) -> Result<Option<Row>, Error> {
    let mut fields = Vec::with_capacity(by.len());
    for name in by {
        let value = match (event.values(&name.text), fill) {
            ([value], _) => value.clone(),
            ([], Some(fill)) => fill.to_owned(),
            ([], None) => return Ok(None),
            _ => return Err(Error::new("`by` a field of many values is not modelled", name.span)),
        };
        fields.push((format!("{set}.{}", name.text), vec![value]));
    }
    Ok(Some(Row::new("", fields)))
}

#[cfg(test)]
mod tests {
    use crate::lang::spl::{Row, parse};

    const HEAD: &str = "| tstats fillnull_value=\"unknown\" count min(_time) as a from datamodel=Endpoint.Processes";

    fn matches(rest: &str, fields: &[(&str, &[&str])]) -> Result<bool, String> {
        let fields =
            fields.iter().map(|(name, values)| ((*name).to_owned(), values.iter().map(ToString::to_string).collect()));
        let query = parse(&format!("{HEAD} {rest}")).map_err(|e| e.to_string())?;
        query.matches(&Row::new("", fields)).map_err(|e| e.to_string())
    }

    #[test]
    fn a_data_set_is_asked_before_the_pipe_and_its_rows_after() {
        let tail = "by Processes.process Processes.user | rename Processes.* as *";
        let row: &[(&str, &[&str])] = &[("process", &["curl -o x"]), ("dest", &["h"])];
        assert_eq!(matches(&format!("where Processes.process=\"curl*\" {tail}"), row), Ok(true));
        assert_eq!(matches(&format!("where Processes.process=\"wget*\" {tail}"), row), Ok(false));
        assert_eq!(matches(&format!("{tail} | where match(process, \"-o\") AND user == \"unknown\""), row), Ok(true));
        // What is not in `by` is gone.
        assert_eq!(matches(&format!("{tail} | where isnull(dest)"), row), Ok(true));
        assert_eq!(matches("by Processes.process | where isnull(process)", row), Ok(true));
    }

    #[test]
    fn without_a_filling_a_row_lacks_no_field() {
        let row = Row::new("", [("process".to_owned(), vec!["x".to_owned()])]);
        let query = parse("| tstats count from datamodel=Endpoint.Processes by Processes.user").expect("a query");
        assert_eq!(query.matches(&row).map_err(|e| e.to_string()), Ok(false));
    }

    #[test]
    fn what_is_not_modelled_is_an_error() {
        for rest in [
            "where Processes.process=\"a\"",
            "where process=\"a\" by Processes.process",
            "where \"a\" by Processes.process",
            "where Processes.process>5 by Processes.process",
            "by Registry.user",
            "by Processes.user | rename user as u",
        ] {
            assert!(matches(rest, &[]).is_err(), "{rest}");
        }
        assert!(parse("| tstats sum(x) from datamodel=A.B by B.x").is_err());
        assert!(parse("| makeresults").is_err());
        let many: &[(&str, &[&str])] = &[("process", &["a", "b"])];
        assert!(matches("by Processes.process", many).is_err());
    }
}
