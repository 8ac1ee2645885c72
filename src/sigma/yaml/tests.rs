//! YAML texts against their nodes, spans and refusals.

use proptest::prelude::*;

use super::*;

fn load(text: &str, check: impl FnOnce(&Source, Vec<Node<'_>>, Vec<Diagnostic>)) {
    let source = Source::new("t.yml", text);
    let (nodes, messages) = read(&source);
    check(&source, nodes, messages);
}

fn only_error(text: &str) -> (String, String) {
    let mut out = None;
    load(text, |source, _, messages| {
        assert_eq!(messages.len(), 1, "{messages:?}");
        out = Some((messages[0].code.id().to_owned(), source.slice(messages[0].span.unwrap_or_default()).to_owned()));
    });
    out.unwrap()
}

fn spans<'s>(source: &'s Source, node: &Node<'_>, out: &mut Vec<&'s str>) {
    out.push(source.slice(node.span));
    match &node.value {
        Value::Scalar(_) => {}
        Value::List(items) => items.iter().for_each(|n| spans(source, n, out)),
        Value::Map(entries) => entries.iter().for_each(|e| {
            out.push(source.slice(e.key_span));
            spans(source, &e.value, out);
        }),
    }
}

#[test]
fn spans_are_bytes_with_bom_crlf_and_wide_characters() {
    let text = "\u{feff}# é\r\nä: 'ö' # c\r\nb:\r\n  - x y\r\n  - \"z\"\r\n# end\r\n---\r\né: [1, {k: v}]\r\n";
    load(text, |source, nodes, messages| {
        assert_eq!(messages, []);
        let mut out = Vec::new();
        nodes.iter().for_each(|n| spans(source, n, &mut out));
        let first = "ä: 'ö' # c\r\nb:\r\n  - x y\r\n  - \"z\"";
        let list = "x y\r\n  - \"z\"";
        assert_eq!(out[..7], [first, "ä", "'ö'", "b", list, "x y", "\"z\""]);
        assert_eq!(out[7..], ["é: [1, {k: v}]", "é", "[1, {k: v}]", "1", "{k: v}", "k", "v"]);
    });
}

#[test]
fn spans_leave_comments_out() {
    let text =
        "a: 'it''s' # 'c'\nb: \"q\\\"\" # c\nc: x # c\nd: |\n  y # text\n\n# c\ne: >-\n  z\n # c\nf: [1, 2] # c\n";
    load(text, |source, nodes, messages| {
        assert_eq!(messages, []);
        let Value::Map(entries) = &nodes[0].value else { panic!() };
        let slices = entries.iter().map(|e| source.slice(e.span())).collect::<Vec<_>>();
        let expected = ["a: 'it''s'", "b: \"q\\\"\"", "c: x", "d: |\n  y # text", "e: >-\n  z", "f: [1, 2]"];
        assert_eq!(slices, expected);
    });
}

#[test]
fn block_scalars_have_lf_only() {
    load("a: |\r\n  x\r\n  y\r\nb: 1\r\n", |source, nodes, messages| {
        assert_eq!(messages, []);
        let Value::Map(entries) = &nodes[0].value else { panic!() };
        let Value::Scalar(scalar) = &entries[0].value.value else { panic!() };
        assert_eq!(scalar.text, "x\ny\n");
        assert_eq!(source.slice(entries[0].span()), "a: |\r\n  x\r\n  y");
        assert_eq!(source.slice(entries[1].span()), "b: 1");
    });
}

#[test]
fn one_bad_document_leaves_the_others() {
    load("a: 1\n---\nb: [\n---\nc: 'x\n---\n--- \n# only a comment\n---\nd: 2\n", |source, nodes, messages| {
        let slices = nodes.iter().map(|n| source.slice(n.span)).collect::<Vec<_>>();
        assert_eq!(slices, ["a: 1", "d: 2"]);
        assert_eq!(messages.len(), 2, "{messages:?}");
    });
}

#[test]
fn directives_belong_to_the_document_that_follows() {
    load("# c\n%YAML 1.2\n---\na: 1\n---\nb: [\n---\nc: 1\n", |source, nodes, messages| {
        let slices = nodes.iter().map(|n| source.slice(n.span)).collect::<Vec<_>>();
        assert_eq!((slices, messages.len()), (vec!["a: 1", "c: 1"], 1));
    });
}

#[test]
fn an_omitted_value_stands_after_its_key() {
    load("a:\nb:\n\n\nc: 1", |source, nodes, _| {
        assert_eq!(source.slice(nodes[0].span), "a:\nb:\n\n\nc: 1");
        let Value::Map(entries) = &nodes[0].value else { panic!() };
        assert_eq!(entries[0].value.span, Span::new(1, 1));
        assert!(entries[0].value.is_null());
    });
}

#[test]
fn refusals_point_at_the_place() {
    let error = |text: &str| only_error(text);
    assert_eq!(error("a: 1\nb: 2\na: 3"), ("SG0004".into(), "a".into()));
    assert_eq!(error("b: &b {x: 1}\na:\n  <<: *b"), ("SG0005".into(), "<<".into()));
    assert_eq!(error("a: !x 1").0, "SG0005");
    assert_eq!(error("a: !!int b").0, "SG0005");
    assert_eq!(error("[a]: 1"), ("SG0005".into(), "[a]".into()));
    assert_eq!(error("a: &x [*x]"), ("SG0006".into(), "*x".into()));
    assert_eq!(error("a: *nope").0, "SG0003");
    assert_eq!(error("a: \0"), ("SG0003".into(), "\0".into()));
    assert_eq!(error("a:\n\tb: 1\n").0, "SG0003");
    assert_eq!(error(&"[".repeat(MAX_DEPTH + 1)).0, "SG0007");
    assert_eq!(error(&"- ".repeat(100_000)).0, "SG0007");
    assert_eq!(error(&"---\na\n".repeat(MAX_DOCUMENTS + 5)).0, "SG0002");
    assert_eq!(error(&" ".repeat(MAX_BYTES + 1)).0, "SG0002");
}

#[test]
fn the_duplicate_has_a_label_at_the_first() {
    load("a: 1\na: 2", |source, _, messages| {
        assert_eq!(messages[0].labels[0].span, Span::new(0, 1));
        assert_eq!(source.slice(messages[0].span.unwrap()), "a");
        assert_eq!(messages[0].span, Some(Span::new(5, 6)));
    });
}

#[test]
fn aliases_are_expanded_up_to_the_limit() {
    load("a: &x [1, 2]\nb: *x", |_, nodes, messages| {
        assert_eq!(messages, []);
        let Value::Map(entries) = &nodes[0].value else { panic!() };
        assert_eq!(entries[0].value, entries[1].value);
    });
    let mut bomb = String::from("a0: &a0 [x, x, x, x, x, x, x, x, x, x]\n");
    for i in 1..20 {
        let row = format!("*a{}, ", i - 1).repeat(10);
        bomb += &format!("a{i}: &a{i} [{}]\n", row.trim_end_matches(", "));
    }
    assert_eq!(only_error(&bomb).0, "SG0006");
}

#[test]
fn large_inputs_take_linear_time() {
    let start = std::time::Instant::now();
    load(&format!("a:\n{}", "  - x\n".repeat(1_000_000)), |_, nodes, messages| {
        assert_eq!((nodes.len(), messages.len()), (1, 0));
    });
    load(&format!("a: \"{}\"", "é".repeat(4_000_000)), |_, nodes, _| assert_eq!(nodes.len(), 1));
    load(&format!("{}\n", "a".repeat(8_000_000)), |_, nodes, _| assert_eq!(nodes.len(), 1));
    load(&"? ".repeat(1_000_000), |_, nodes, _| assert_eq!(nodes.len(), 0));
    load(&"[a, ".repeat(200), |_, nodes, _| assert_eq!(nodes.len(), 0));
    load(&"a: b: ".repeat(500_000), |_, nodes, _| assert_eq!(nodes.len(), 0));
    load(&"---\nb: [\n".repeat(9_000), |_, nodes, messages| {
        assert_eq!((nodes.len(), messages.len()), (0, crate::sigma::messages::LIMIT + 1));
    });
    assert!(start.elapsed().as_secs() < 60, "{:?}", start.elapsed());
}

proptest! {
    #[test]
    fn any_text_is_read_without_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        load(&String::from_utf8_lossy(&bytes), |_, _, _| {});
    }

    #[test]
    fn yaml_like_text_is_read_without_panic(
        parts in prop::collection::vec(prop::sample::select(vec![
            "a", "- ", ": ", "\n", "  ", "[", "]", "{", "}", ",", "'", "\"", "&a ", "*a", "!t ", "|\n", ">-\n",
            "---\n", "...\n", "%YAML 1.2\n", "? ", "# c", "\t", "\r\n", "é", "\u{feff}", "\\", "<<: ", "~", "0x1",
        ]), 0..60)
    ) {
        load(&parts.concat(), |source, nodes, _| {
            let mut out = Vec::new();
            nodes.iter().for_each(|n| spans(source, n, &mut out));
        });
    }
}
