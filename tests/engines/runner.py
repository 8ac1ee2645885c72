"""Runs one engine as a long-lived process: JSON lines in, JSON lines out.

usage: python runner.py duckdb|duckdb-nested|postgres|clickhouse|spark|spark-nested|kusto|eql

Requests and answers, one a line:
  {"table": NAME, "columns": [[NAME, TYPE], ...], "rows": [[VALUE, ...], ...]}   -> {"ok": true}
      TYPE is text, integer, real, boolean, json, or inet, inet4, inet6, timestamp, timestamptz where the engine has them; the table replaces any earlier one and also has the column
      `sigmaglot_row` with the row's number from 0.
  {"query": TEXT}                                                              -> {"rows": [NUMBER, ...]}
  anything that fails                                                          -> {"error": TEXT}
An engine that is not there says so in place of the first `{"ok": true}`: {"error": "not installed: ..."}. One that is there and
does not start says why in other words.

The engines' own deviations are not worked around here; the checks exclude them by construct and count what they exclude.
"""
import contextlib
import datetime
import glob
import importlib.util
import json
import os
import shutil
import subprocess
import sys
import tempfile

ROW = "sigmaglot_row"


class NotInstalled(Exception):
    """A library or a program is not there. One that is there and broken is something else."""


def need(library):
    if importlib.util.find_spec(library) is None:
        raise NotInstalled(f"Python's `{library}`")


def quoted(name, mark):
    return mark + name.replace(mark, mark * 2) + mark


def with_row_numbers(columns, rows):
    return [[ROW, "integer"], *columns], [[number, *row] for number, row in enumerate(rows)]


def nested_columns(names):
    """The columns of a view in which dots lead into columns, as a function of how a column or a structure is written."""
    tree = {}
    for name in names:
        place = tree
        *parents, last = name.split(".")
        for part in parents:
            place = place.setdefault(part, {})
        place[last] = name

    def written(place, write):
        return [(name, write(inner, None) if isinstance(inner, str) else write(None, written(inner, write)))
                for name, inner in place.items()]

    def columns(write):
        mark = write("", None)[0]
        return ", ".join(f"{value} AS {quoted(name, mark)}" for name, value in written(tree, write))

    return columns


class DuckDb:
    TYPES = {"text": "VARCHAR", "integer": "BIGINT", "real": "DOUBLE", "boolean": "BOOLEAN", "json": "JSON",
             "timestamp": "TIMESTAMP", "timestamptz": "TIMESTAMPTZ"}

    def __init__(self):
        need("duckdb")
        need("pyarrow")
        import duckdb
        self.connection = duckdb.connect(":memory:")
        self.connection.execute("SET TimeZone='UTC'")

    def load(self, table, columns, rows):
        import pyarrow
        columns, rows = with_row_numbers(columns, rows)
        name = quoted(table, '"')
        fields = ", ".join(f"{quoted(c, chr(34))} {self.TYPES[t]}" for c, t in columns)
        self.connection.execute(f"CREATE OR REPLACE TABLE {name} ({fields})")
        kinds = {"text": pyarrow.string(), "integer": pyarrow.int64(), "real": pyarrow.float64(), "boolean": pyarrow.bool_(), "json": pyarrow.string()}
        arrays = [pyarrow.array([row[i] for row in rows], kinds.get(t, pyarrow.string())) for i, (_, t) in enumerate(columns)]
        data = pyarrow.table(arrays, names=[f"c{i}" for i in range(len(columns))])
        self.connection.register("sigmaglot_data", data)
        self.connection.execute(f"INSERT INTO {name} SELECT * FROM sigmaglot_data")
        self.connection.unregister("sigmaglot_data")

    def query(self, text):
        return [row[0] for row in self.connection.execute(f"SELECT {ROW} FROM ({text}) AS q ORDER BY 1").fetchall()]


class DuckDbNested(DuckDb):
    """A name with dots is a column within columns."""

    def load(self, table, columns, rows):
        super().load("flat", columns, rows)
        columns = nested_columns([ROW, *(name for name, _ in columns)])
        self.connection.execute(f"CREATE OR REPLACE VIEW {quoted(table, chr(34))} AS SELECT {columns(self.column)} FROM flat")

    @staticmethod
    def column(path, inner):
        if inner is None:
            return quoted(path, '"')
        return "struct_pack(" + ", ".join(f"{quoted(name, chr(34))} := {value}" for name, value in inner) + ")"


class Postgres:
    TYPES = {"text": "text", "integer": "bigint", "real": "double precision", "boolean": "boolean", "json": "jsonb",
             "inet": "inet", "timestamp": "timestamp", "timestamptz": "timestamptz"}

    def __init__(self):
        need("psycopg")
        import psycopg
        programs = sorted(glob.glob("/usr/lib/postgresql/*/bin"))
        initdb = shutil.which("initdb") or (programs and os.path.join(programs[-1], "initdb"))
        if not initdb:
            raise NotInstalled("PostgreSQL's programs")
        self.home = tempfile.mkdtemp(prefix="sigmaglot-postgres-")
        self.bin = os.path.dirname(initdb)
        self.user = []
        if os.geteuid() == 0:  # the server refuses to run as root
            shutil.chown(self.home, "postgres")
            self.user = ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
        data = os.path.join(self.home, "data")
        self.run(os.path.join(self.bin, "initdb"), "-D", data, "-U", "sigmaglot", "-A", "trust", "-E", "UTF8", "--locale=C.UTF-8")
        self.run(os.path.join(self.bin, "pg_ctl"), "-D", data, "-w", "-l", os.path.join(self.home, "log"), "-o",
                 f"-k {self.home} -c listen_addresses='' -c fsync=off -c timezone=UTC", "start")
        self.connection = psycopg.connect(host=self.home, user="sigmaglot", dbname="postgres", autocommit=True)

    def run(self, *command):
        done = subprocess.run([*self.user, *command], cwd=self.home, capture_output=True, text=True)
        if done.returncode:
            raise RuntimeError(done.stderr or done.stdout)

    def load(self, table, columns, rows):
        columns, rows = with_row_numbers(columns, rows)
        name = quoted(table, '"')
        fields = ", ".join(f"{quoted(c, chr(34))} {self.TYPES[t]}" for c, t in columns)
        with self.connection.cursor() as cursor:
            cursor.execute(f"DROP TABLE IF EXISTS {name}")
            cursor.execute(f"CREATE TABLE {name} ({fields})")
            with cursor.copy(f"COPY {name} FROM STDIN") as copy:
                for row in rows:
                    copy.write_row(row)

    def query(self, text):
        with self.connection.cursor() as cursor:
            cursor.execute(f"SELECT {ROW} FROM ({text}) AS q ORDER BY 1".encode())
            return [row[0] for row in cursor.fetchall()]

    def close(self):
        with contextlib.suppress(Exception):
            self.connection.close()
            self.run(os.path.join(self.bin, "pg_ctl"), "-D", os.path.join(self.home, "data"), "-m", "immediate", "stop")
        shutil.rmtree(self.home, ignore_errors=True)


class ClickHouse:
    TYPES = {"text": "Nullable(String)", "integer": "Nullable(Int64)", "real": "Nullable(Float64)", "boolean": "Nullable(Bool)", "json": "Nullable(String)",
             "inet4": "Nullable(IPv4)", "inet6": "Nullable(IPv6)", "timestamp": "Nullable(DateTime64(6, 'UTC'))"}
    SETTINGS = ""

    def __init__(self):
        need("chdb")
        from chdb import session
        self.session = session.Session()
        self.session.query("SET max_query_size=16777216")  # a list of a thousand hashes is no question of meaning
        self.session.query("SET date_time_input_format='best_effort'")
        self.session.query("CREATE DATABASE sigmaglot ENGINE = Atomic")
        self.session.query("USE sigmaglot")

    def load(self, table, columns, rows):
        columns, rows = with_row_numbers(columns, rows)
        name = quoted(table, "`")
        fields = ", ".join(f"{quoted(c, '`')} {self.TYPES[t]}" for c, t in columns)
        self.session.query(f"DROP TABLE IF EXISTS {name} SYNC")
        self.session.query(f"CREATE TABLE {name} ({fields}) ENGINE = Memory")
        with tempfile.NamedTemporaryFile("w", suffix=".jsonl", encoding="utf-8") as data:
            for row in rows:
                data.write(json.dumps(row, ensure_ascii=False) + "\n")
            data.flush()
            path = data.name.replace("'", "\\'")
            self.session.query(f"INSERT INTO {name} SELECT * FROM file('{path}', JSONCompactEachRow, '{self.structure(columns)}')")

    def structure(self, columns):
        return ", ".join(f"c{i} {self.TYPES[t]}" for i, (_, t) in enumerate(columns)).replace("'", "\\'")

    def query(self, text):
        out = self.session.query(f"SELECT {ROW} FROM ({text}) ORDER BY 1", "TabSeparated")
        return [int(line) for line in str(out).split()]


class Kusto(ClickHouse):
    """ClickHouse's Kusto dialect. Kusto's strings are never null: a missing one is ''."""
    TYPES = {**ClickHouse.TYPES, "text": "String"}

    def load(self, table, columns, rows):
        text = [kind == "text" for _, kind in columns]
        rows = [["" if value is None and text[i] else value for i, value in enumerate(row)] for row in rows]
        super().load(table, columns, rows)

    def query(self, text):
        self.session.query("SET allow_experimental_kusto_dialect=1")
        self.session.query("SET dialect='kusto'")
        try:
            out = self.session.query(f"{text}\n| project {ROW}", "TabSeparated")
            return sorted(int(line) for line in str(out).split())
        finally:
            self.session.query("set dialect='clickhouse'")


class Spark:
    TYPES = {"text": "string", "integer": "bigint", "real": "double", "boolean": "boolean", "json": "string", "timestamp": "timestamp"}

    def __init__(self):
        need("pyspark")
        if not (os.environ.get("JAVA_HOME") or shutil.which("java")):
            raise NotInstalled("Java")
        from pyspark.sql import SparkSession
        self.home = tempfile.mkdtemp(prefix="sigmaglot-spark-")
        self.session = (
            SparkSession.builder.master("local[2]").appName("sigmaglot")
            .config("spark.ui.enabled", "false").config("spark.sql.session.timeZone", "UTC")
            .config("spark.sql.shuffle.partitions", "1").config("spark.default.parallelism", "1")
            .config("spark.sql.codegen.wholeStage", "false").config("spark.sql.warehouse.dir", self.home)
            .config("spark.driver.bindAddress", "127.0.0.1").config("spark.driver.host", "127.0.0.1")
            .config("spark.log.level", "OFF").getOrCreate()
        )

    def load(self, table, columns, rows):
        columns, rows = with_row_numbers(columns, rows)
        schema = ", ".join(f"{quoted(c, '`')} {self.TYPES[t]}" for c, t in columns)
        times = {i for i, (_, t) in enumerate(columns) if t == "timestamp"}
        value = lambda i, v: datetime.datetime.fromisoformat(v) if i in times and v is not None else v
        frame = self.session.createDataFrame([tuple(value(i, v) for i, v in enumerate(row)) for row in rows], schema).coalesce(1).cache()
        frame.count()
        frame.createOrReplaceTempView(table)

    def query(self, text):
        return sorted(row[0] for row in self.session.sql(f"SELECT {ROW} FROM ({text}) AS q").collect())

    def close(self):
        self.session.stop()
        shutil.rmtree(self.home, ignore_errors=True)


class SparkNested(Spark):
    """A name with dots is a column within columns."""

    def load(self, table, columns, rows):
        super().load("flat", columns, rows)
        columns = nested_columns([ROW, *(name for name, _ in columns)])
        self.session.sql(f"SELECT {columns(self.column)} FROM flat").createOrReplaceTempView(table)

    @staticmethod
    def column(path, inner):
        if inner is None:
            return quoted(path, "`")
        return "named_struct(" + ", ".join(f"'{name}', {value}" for name, value in inner) + ")"


class Eql:
    """PyPI `eql`, the Endgame engine with Elasticsearch syntax. Case is a global switch there: a query that compares
    exactly (`==`, `in`, `like`, `regex`) and one that folds (`:`, `in~`, `like~`, `regex~`) need different runs."""

    def __init__(self):
        need("eql")
        import eql
        self.eql = eql
        self.events = []

    def load(self, _table, columns, rows):
        self.events = []
        for number, row in enumerate(rows):
            document = {}
            for (name, _), value in zip(columns, row):
                if value is not None:
                    place = document
                    *parents, last = name.split(".")
                    for part in parents:
                        place = place.setdefault(part, {})
                    place[last] = value
            document[ROW] = number
            self.events.append(self.eql.Event("event", number * 10_000_000, document))

    def query(self, text, exact=False):
        from eql.parser import elasticsearch_syntax
        from eql import ParserConfig
        matched = []
        with elasticsearch_syntax, ParserConfig(allow_runs=True, allow_sample=True, allow_negation=True):
            tree = self.eql.parse_query(text, implied_any=True, implied_base=True)
        self.eql.utils.CASE_INSENSITIVE = not exact
        engine = self.eql.PythonEngine({})
        engine.add_output_hook(lambda out: matched.extend(e.data[ROW] for e in getattr(out, "events", [out])))
        engine.add_queries([tree])
        for event in self.events:
            engine.stream_event(event)
        engine.finalize()
        return sorted(matched)


ENGINES = {
    "duckdb": DuckDb, "duckdb-nested": DuckDbNested, "postgres": Postgres, "clickhouse": ClickHouse, "spark": Spark,
    "spark-nested": SparkNested, "kusto": Kusto, "eql": Eql,
}


def serve(engine, lines, write):
    for line in lines:
        try:
            request = json.loads(line)
            if "query" in request:
                options = {"exact": True} if request.get("exact") else {}
                answer = {"rows": engine.query(request["query"], **options)}
            else:
                engine.load(request["table"], request["columns"], request["rows"])
                answer = {"ok": True}
        except Exception as error:  # the harness reports the engine's own words with the rule
            answer = {"error": f"{type(error).__name__}: {error}"[:2000]}
        write(answer)


def main():
    out = os.fdopen(os.dup(1), "w", encoding="utf-8")
    os.dup2(2, 1)  # what an engine prints by itself must not reach the answers

    def write(answer):
        out.write(json.dumps(answer) + "\n")
        out.flush()

    try:
        engine = ENGINES[sys.argv[1]]()
    except NotInstalled as what:
        write({"error": f"not installed: {what}"})
        return 1
    except Exception as error:
        write({"error": f"{type(error).__name__}: {error}"[:2000]})
        return 1
    write({"ok": True})
    try:
        serve(engine, sys.stdin, write)
    finally:
        getattr(engine, "close", lambda: None)()
    return 0


if __name__ == "__main__":
    sys.exit(main())
