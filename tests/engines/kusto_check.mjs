// Microsoft's parser and binder of KQL as a long-lived process: JSON lines in, JSON lines out.
//   {"table": NAME, "columns": [[NAME, TYPE], ...]}  -> {"ok": true}      TYPE is a Kusto type
//   {"query": TEXT}                                  -> {"diagnostics": [{"code", "severity", "start", "length", "message"}]}
//   anything that fails                              -> {"error": TEXT}
import { createRequire } from "node:module";
import { createInterface } from "node:readline";
import { resolve } from "node:path";

const base = resolve(process.argv[2] ?? ".", "node_modules/@kusto/language-service-next");
const require = createRequire(import.meta.url);
require(`${base}/bridge.js`);
require(`${base}/Kusto.Language.Bridge.js`);
const { Language } = globalThis.Kusto;
const { Symbols } = Language;

let globals = Language.GlobalState.Default;
const tables = new Map();

function load({ table, columns }) {
  const schema = columns.map(([name, type]) => `['${name.replace(/\\/g, "\\\\").replace(/'/g, "\\'")}']: ${type}`).join(", ");
  tables.set(table, new Symbols.TableSymbol.$ctor7(table, `(${schema})`, null));
  const list = globalThis.Bridge?.toList ? globalThis.Bridge.toList([...tables.values()]) : [...tables.values()];
  globals = Language.GlobalState.Default.WithDatabase(new Symbols.DatabaseSymbol.$ctor3("db", null, list, false));
  return { ok: true };
}

function check({ query }) {
  const found = Language.KustoCode.ParseAndAnalyze(query, globals).GetDiagnostics();
  const diagnostics = [];
  for (let i = 0; i < found.Count; i++) {
    const d = found.getItem ? found.getItem(i) : found.get(i);
    diagnostics.push({ code: d.Code, severity: d.Severity, start: d.Start, length: d.Length, message: d.Message });
  }
  return { diagnostics };
}

console.log(JSON.stringify({ ok: true }));
for await (const line of createInterface({ input: process.stdin })) {
  let answer;
  try {
    const request = JSON.parse(line);
    answer = "query" in request ? check(request) : load(request);
  } catch (error) {
    answer = { error: String(error?.message ?? error) };
  }
  console.log(JSON.stringify(answer));
}
