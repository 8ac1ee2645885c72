//! The queries for EQL and KQL, run by the models of these languages over the example events.
//!
//! A model is made from the vendor's documents alone, so what it selects is evidence. Rules that a target translates
//! with a warning are left out: their queries differ where the warning says.

use std::collections::BTreeMap;
use std::net::IpAddr;

use serde_json::Value as Json;
use sigmaglot::interp::{Event, Matcher};
use sigmaglot::ir::{Rule, Subject, Test};
use sigmaglot::lang::{Folding, eql, kql};
use sigmaglot::target::{Options, Target, Templates};
use sigmaglot::verify::project::project_sql;

use super::files;

#[test]
fn the_model_of_kql_selects_what_the_interpreter_matches() {
    let wrong = compare("kql", |query, rule, event| {
        // A table of text columns: no nesting, and an empty text is the same as none.
        let mut event = project_sql(event);
        event.0.retain(|_, value| value.as_str() != Some(""));
        let row = event.0.iter().map(|(name, value)| (name.clone(), kql::Value::String(text(value)))).collect();
        let query = kql::parse(query).map_err(|error| error.to_string())?;
        let schema = kql::Schema::new([], kql::OtherColumns::String);
        let selected = query.matches(&row, &schema).map_err(|error| error.to_string())?;
        Ok((selected, Matcher::new(rule).matches(&event)))
    });
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn the_model_of_eql_selects_what_the_interpreter_matches() {
    // An index that maps every field, and one that has never seen the fields which the event lacks.
    for others in [eql::OtherFields::Keyword, eql::OtherFields::Unmapped] {
        let wrong = compare("eql", |query, rule, event| {
            let types = types(rule);
            let (mut mapping, mut document) = (BTreeMap::new(), BTreeMap::new());
            for (name, kind) in types {
                let values: Vec<_> = event.values(&name).unwrap_or_default().into_iter().filter_map(of(kind)).collect();
                if !values.is_empty() || others == eql::OtherFields::Keyword {
                    mapping.insert(name.clone(), kind);
                }
                document.insert(name, values);
            }
            let query = eql::parse(query).map_err(|error| error.to_string())?;
            let mapping = eql::Mapping::new(mapping, others);
            let selected = query.matches(&document, &mapping, Folding::Simple).map_err(|error| error.to_string())?;
            Ok((selected, Matcher::new(rule).matches(event)))
        });
        assert!(wrong.is_empty(), "{others:?}:\n{}", wrong.join("\n"));
    }
}

/// Where a query and the interpreter differ. `verdicts` runs the query over an event and asks the interpreter too.
fn compare(target: &str, verdicts: impl Fn(&str, &Rule, &Event) -> Result<(bool, bool), String>) -> Vec<String> {
    let target = Target::load(target, &Templates::embedded()).expect("the target loads");
    let (mut wrong, mut selected) = (Vec::new(), 0);
    for example in files::examples() {
        let events = example.events();
        for rule in &example.read.rules {
            let conversion = target.convert(rule, &Options::default());
            let Some(query) = conversion.query.filter(|_| conversion.diagnostics.is_empty()) else { continue };
            for event in events.matching.iter().chain(&events.near_misses) {
                match verdicts(&query, rule, event) {
                    Ok((found, wanted)) if found == wanted => selected += usize::from(found),
                    result => wrong.push(format!("{}: {result:?} for {:?}\n  {query}", example.name, event.0)),
                }
            }
        }
    }
    assert!(selected >= 80, "only {selected} events are selected at all");
    wrong
}

/// The text of a value: integral numbers have no fraction.
fn text(value: &Json) -> String {
    match value {
        Json::String(text) => text.clone(),
        Json::Number(number) if number.is_f64() => number.as_f64().unwrap_or_default().to_string(),
        other => other.to_string(),
    }
}

/// The types that an index would give the fields of a rule: what is compared as a number or a network is one.
fn types(rule: &Rule) -> BTreeMap<String, eql::FieldType> {
    let mut out = BTreeMap::new();
    rule.condition.for_each_predicate(&mut |predicate, _| {
        if let Subject::Field(field) = &predicate.subject {
            let name = field.name.to_string();
            match &predicate.test {
                Test::Compare(..) => out.insert(name, eql::FieldType::Double),
                Test::Network(_) => out.insert(name, eql::FieldType::Ip),
                _ => Some(*out.entry(name).or_insert(eql::FieldType::Keyword)),
            };
        }
    });
    out
}

/// Reads a value as the index does; what is not of the field's type is not indexed.
fn of(kind: eql::FieldType) -> impl Fn(&Json) -> Option<eql::Value> {
    move |value| match value {
        Json::Null | Json::Object(_) | Json::Array(_) => None,
        value => match kind {
            eql::FieldType::Double => text(value).parse().ok().map(eql::Value::Double),
            // A field for addresses does not tell an IPv4 address in the form of IPv6 from the plain one; rules do.
            eql::FieldType::Ip if text(value).parse().map_or(true, |ip: IpAddr| ip.to_canonical() != ip) => None,
            _ => Some(eql::Value::String(text(value))),
        },
    }
}
