//! The constants of an SQL query: only as much of the language as that takes. SQLite itself judges the rest.

use super::Error;
use crate::source::Span;

/// The texts of string literals ("surrounded by single quotes, a quote within doubled") and the digits of numbers, in order.
///
/// # Errors
/// A quote that does not end.
pub fn constants(text: &str) -> Result<Vec<String>, Error> {
    let mut out = Vec::new();
    let mut at = 0;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        match c {
            '\'' | '"' | '`' => {
                let (value, end) = quoted(text, at, c)?;
                if c == '\'' {
                    out.push(value);
                }
                at = end;
            }
            '[' => at = text.get(at..).and_then(|rest| rest.find(']')).map_or(text.len(), |end| at + end + 1),
            c if c.is_ascii_digit() => {
                let rest = text.get(at..).unwrap_or("");
                let end = rest.find(|c: char| !c.is_ascii_alphanumeric() && c != '.').unwrap_or(rest.len());
                out.push(rest.get(..end).unwrap_or("").to_owned());
                at += end;
            }
            c if c.is_alphabetic() || c == '_' => {
                let rest = text.get(at..).unwrap_or("");
                at += rest.find(|c: char| !c.is_alphanumeric() && c != '_').unwrap_or(rest.len());
            }
            c => at += c.len_utf8(),
        }
    }
    Ok(out)
}

/// What stands between quotes that begin here, and where it ends.
fn quoted(text: &str, start: usize, quote: char) -> Result<(String, usize), Error> {
    let mut value = String::new();
    let mut at = start + 1;
    while let Some(c) = text.get(at..).and_then(|rest| rest.chars().next()) {
        at += c.len_utf8();
        if c != quote {
            value.push(c);
        } else if text.get(at..).is_some_and(|rest| rest.starts_with(quote)) {
            value.push(quote);
            at += 1;
        } else {
            return Ok((value, at));
        }
    }
    Err(Error::new("the quote does not end", Span::new(start, text.len())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn constants_are_what_stands_in_single_quotes_and_numbers() {
        let text = "SELECT * FROM \"it's\" WHERE [a'b] IN ('x''y', 'é', 17) AND f1 = 1.5 AND g LIKE '%a\\_b%'";
        let constants = constants(text).expect("readable");
        assert_eq!(constants, ["x'y", "é", "17", "1.5", "%a\\_b%"]);
        assert!(super::constants("'open").is_err());
    }
}
