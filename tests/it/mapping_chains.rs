//! Several pipelines with tables in one chain: the first that knows a log source has the rule, and the others leave it alone.

use sigmaglot::diagnostic::codes;
use sigmaglot::ir;
use sigmaglot::mapping::{self, Mapped, Options, Pipeline, Unmapped, builtin};
use sigmaglot::sigma;
use sigmaglot::source::Source;
use sigmaglot::target::{Options as TargetOptions, Target, Templates};

const FIRST: &str = "
name: first
priority: 20
transformations:
  - {id: a, type: field_name_mapping, mapping: {Image: one_image, User: one_user}}
  - {id: own, type: add_condition, conditions: {one: 'yes'}}
  - {id: tables, type: sigmaglot_tables, tables: [{product: windows, table: One}, {product: linux, table: OneLinux}]}
postprocessing:
  - {type: embed, prefix: 'one(', suffix: ')'}
";

const SECOND: &str = "
name: second
priority: 20
transformations:
  - {id: b, type: field_name_mapping, mapping: {Image: two_image, User: two_user}}
  - {id: tables, type: sigmaglot_tables, tables: [{product: linux, table: Two}, {product: macos, table: TwoMac}]}
postprocessing:
  - {type: embed, prefix: 'two(', suffix: ')'}
";

/// Tables alone, before the others by its priority.
const OWN_TABLES: &str = "
name: own
transformations:
  - {type: sigmaglot_tables, tables: [{product: linux, table: Mine}]}
";

/// No tables: for every rule.
const ANY: &str = "
name: any
priority: 30
transformations:
  - {type: field_name_suffix, suffix: '_x'}
";

fn map(pipelines: &[&str], product: &str) -> (Mapped, Option<String>) {
    map_with(pipelines, &format!("{{product: {product}}}"), Unmapped::Keep)
}

fn map_with(pipelines: &[&str], logsource: &str, unmapped: Unmapped) -> (Mapped, Option<String>) {
    let read = |text: &&str| {
        let (pipeline, said) = Pipeline::parse(&Source::new("pipeline.yml", *text));
        pipeline.unwrap_or_else(|| panic!("{said:?}"))
    };
    let pipelines: Vec<Pipeline> = pipelines.iter().map(read).collect();
    let chain = mapping::resolve(&pipelines, "kql").unwrap_or_else(|e| panic!("{e}"));
    let text = format!("title: T\nlogsource: {logsource}\ndetection: {{s: {{Image: x}}, condition: s}}\n");
    let rule = sigma::read(&Source::new("rule.yml", text), &sigma::Options::default()).rules.remove(0);
    let mapped = chain.apply(rule, &Options { unmapped, ..Options::default() });
    let query = mapped.rule.as_ref().map(|rule| {
        let rule = ir::Rule { condition: ir::normalize(rule.condition.clone()), ..rule.clone() };
        let target = Target::load("kql", &Templates::embedded()).unwrap_or_else(|e| panic!("{e}"));
        let query = target.convert(&rule, &TargetOptions::default()).query.unwrap_or_default();
        chain.postprocess(query, &mapped).unwrap_or_default()
    });
    (mapped, query)
}

#[test]
fn the_first_pipeline_that_knows_the_log_source_has_the_rule() {
    for (product, query, worked) in [
        ("windows", "one(One | where one =~ \"yes\" and one_image =~ \"x\")", "first"),
        ("linux", "one(OneLinux | where one =~ \"yes\" and one_image =~ \"x\")", "first"),
        ("macos", "two(TwoMac | where two_image =~ \"x\")", "second"),
    ] {
        let (mapped, text) = map(&[FIRST, SECOND], product);
        assert_eq!(text.as_deref(), Some(query));
        assert_eq!(mapped.record.pipelines, [worked.into()]);
        let applied = |step: &&mapping::StepRecord| step.applied;
        assert!(mapped.record.steps.iter().filter(applied).all(|step| step.pipeline.as_ref() == worked));
    }
    let (_, text) = map(&[SECOND, FIRST], "linux");
    assert_eq!(text.as_deref(), Some("two(Two | where two_image =~ \"x\")"), "the order of the arguments counts");
}

#[test]
fn a_rule_is_refused_only_where_no_pipeline_has_a_table() {
    let (mapped, _) = map(&[FIRST, SECOND], "kubernetes");
    let said: Vec<String> = mapped.diagnostics.iter().map(ToString::to_string).collect();
    assert_eq!(said, ["error[SG0613]: none of the mappings has a table for the log source kubernetes/*/*"]);
    assert_eq!(mapped.diagnostics[0].help, ["they have tables for linux/*/*, macos/*/*, windows/*/*"]);
    let (mapped, _) = map(&[FIRST], "kubernetes");
    assert_eq!(mapped.diagnostics[0].code, codes::LOGSOURCE_UNMAPPED);
    assert!(mapped.diagnostics[0].message.ends_with("(item `tables` of the mapping)"));
}

#[test]
fn a_rule_without_a_table_passes_on_purpose_only() {
    let kubernetes = "{product: kubernetes}";
    for unmapped in [Unmapped::Error, Unmapped::Warn, Unmapped::Keep] {
        assert_eq!(map_with(&[FIRST, SECOND], kubernetes, unmapped).1, None);
    }
    let (mapped, text) = map_with(&[FIRST, SECOND, ANY], kubernetes, Unmapped::Pass);
    assert_eq!(text.as_deref(), Some("Events | where Image_x =~ \"x\""), "what has no tables works on it");
    assert_eq!(mapped.diagnostics, []);
    assert_eq!((mapped.record.table.as_deref(), mapped.record.pipelines.len()), (None, 1));
    assert_eq!(mapped.record.unmapped_source.as_deref(), Some("kubernetes/*/*"));
    let (mapped, text) = map_with(&[FIRST], kubernetes, Unmapped::Pass);
    assert_eq!(text.as_deref(), Some("Events | where Image =~ \"x\""));
    assert_eq!(mapped.record.unmapped, ["Image".into()]);
    let (mapped, text) = map_with(&[FIRST, SECOND], "{product: windows}", Unmapped::Pass);
    assert_eq!(text.as_deref(), Some("one(One | where one =~ \"yes\" and one_image =~ \"x\")"), "the others as ever");
    assert_eq!(mapped.record.unmapped_source, None);
}

/// Tables of which one is for rules that say no more.
const EXACT: &str = "
name: exact
transformations:
  - type: sigmaglot_tables
    tables: [{product: linux, exact: true, table: All}, {product: linux, service: auth, table: Auth}]
";

#[test]
fn an_exact_row_is_for_nothing_else() {
    let table = |logsource| map_with(&[EXACT], logsource, Unmapped::Warn).0.record.table;
    assert_eq!(table("{product: linux}").as_deref(), Some("All"));
    assert_eq!(table("{product: linux, service: auth}").as_deref(), Some("Auth"));
    assert_eq!(table("{product: linux, service: auht}"), None);
}

#[test]
fn a_pipeline_without_tables_is_for_every_rule() {
    for (product, field) in [("windows", "one_image_x"), ("macos", "two_image_x")] {
        let (mapped, text) = map(&[ANY, FIRST, SECOND], product);
        assert!(text.is_some_and(|text| text.contains(field)), "{:?}", mapped.record);
        assert!(mapped.record.pipelines.contains(&"any".into()));
    }
    assert!(map(&[ANY], "kubernetes").1.is_some());
}

#[test]
fn a_pipeline_of_tables_alone_chooses_the_table_and_leaves_the_fields_to_others() {
    let (_, text) = map(&[FIRST, OWN_TABLES], "linux");
    assert_eq!(text.as_deref(), Some("one(Mine | where one =~ \"yes\" and one_image =~ \"x\")"));
    let (_, text) = map(&[FIRST, OWN_TABLES], "windows");
    assert_eq!(text.as_deref(), Some("one(One | where one =~ \"yes\" and one_image =~ \"x\")"));
}

/// Every log source of a mapping has the same query in its bundle, unless an earlier mapping of the bundle has it too.
#[test]
fn a_bundle_gives_what_its_mappings_give() {
    let rules = [
        ("splunk", "spl", "splunk-windows", "category: process_creation, product: windows"),
        ("splunk", "spl", "splunk-linux", "product: linux, service: auditd"),
        ("splunk", "spl", "splunk-cloud", "product: aws, service: cloudtrail"),
        ("ecs", "eql", "ecs-network", "product: zeek, service: dns"),
        ("sentinel", "kql", "sentinel-sysmon", "product: windows, category: dns_query"),
        ("asim", "kql", "sentinel-cloud", "product: okta, service: okta"),
    ];
    let bundles = builtin::bundles();
    for (bundle, target, name, logsource) in rules {
        let read = |name: &str| {
            let text = builtin::get(name).unwrap_or_default();
            Pipeline::parse(&Source::new(name, text)).0.unwrap_or_else(|| panic!("{name}"))
        };
        let all: Vec<Pipeline> = bundles[bundle].mappings.iter().map(|name| read(name)).collect();
        let one = [read(name)];
        let rule = format!("title: T\nlogsource: {{{logsource}}}\ndetection: {{s: {{a: x}}, condition: s}}\n");
        let rule = sigma::read(&Source::new("rule.yml", rule), &sigma::Options::default()).rules.remove(0);
        let apply = |pipelines: &[Pipeline]| {
            let chain = mapping::resolve(pipelines, target).unwrap_or_else(|e| panic!("{e}"));
            let options = Options { unmapped: mapping::Unmapped::Keep, ..Options::default() };
            chain.apply(rule.clone(), &options)
        };
        let (whole, alone) = (apply(&all), apply(&one));
        assert!(alone.rule.is_some(), "{name}: {:?}", alone.diagnostics);
        assert_eq!(whole.rule, alone.rule, "{bundle}: {:?}", whole.diagnostics);
        assert_eq!(whole.record.pipelines, alone.record.pipelines);
    }
}

/// Of several mappings with a table for the log source the first counts that has the rule's fields, and what an event becomes follows it.
#[test]
fn a_bundle_chooses_the_mapping_that_has_the_fields() {
    let all: Vec<Pipeline> = builtin::bundles()["sentinel"]
        .mappings
        .iter()
        .map(|name| {
            Pipeline::parse(&Source::new(name.as_str(), builtin::get(name).unwrap_or_default())).0.expect("it is read")
        })
        .collect();
    let chain = mapping::resolve(&all, "kql").unwrap_or_else(|e| panic!("{e}"));
    let apply = |search: &str, unmapped| {
        let rule = format!(
            "title: T\nlogsource: {{category: process_creation, product: windows}}\ndetection: {{s: {search}, condition: s}}\n"
        );
        let rule = sigma::read(&Source::new("rule.yml", rule), &sigma::Options::default()).rules.remove(0);
        chain.apply(rule, &Options { unmapped, ..Options::default() })
    };
    let plain = apply("{CommandLine: x}", mapping::Unmapped::Warn);
    assert_eq!((plain.record.table.as_deref(), plain.record.instead), (Some("SecurityEvent"), None));
    for unmapped in [mapping::Unmapped::Warn, mapping::Unmapped::Error, mapping::Unmapped::Missing] {
        let original = apply("{OriginalFileName: x}", unmapped);
        assert_eq!(original.diagnostics, [], "{unmapped:?}");
        assert_eq!(original.record.table.as_deref(), Some("WindowsEvent"));
        assert_eq!(original.record.instead.as_deref(), Some("Microsoft Sentinel, SecurityEvent"));
        assert_eq!(original.record.lacked, [std::sync::Arc::from("OriginalFileName")]);
    }
    // None has it: the first that takes the rule without it, or, where all of them refuse it, the first.
    let nobody = apply("[{Nobody: x}, {CommandLine: y}]", mapping::Unmapped::Warn);
    assert_eq!(nobody.record.table.as_deref(), Some("SecurityEvent"));
    assert_eq!(nobody.record.missing, [std::sync::Arc::from("Nobody")]);
    assert!(apply("{Nobody: x}", mapping::Unmapped::Warn).rule.is_none(), "it can never hold");
    assert!(apply("{Nobody: null, CommandLine: y}", mapping::Unmapped::Warn).rule.is_some(), "the test is always true");
    assert!(apply("{Nobody: x}", mapping::Unmapped::Keep).rule.is_some(), "the caller knows better");
}
