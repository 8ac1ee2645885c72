// Runs Lucene as Elasticsearch uses it, as a long-lived process: JSON lines in, JSON lines out.
//
// usage: java -cp lucene-core.jar LuceneRunner.java
//
//   {"fields": {NAME: TYPE, ...}, "documents": [{NAME: [VALUE, ...], ...}, ...]}  -> {"ok": true}
//       TYPE is keyword, long, double, boolean or ip; the documents replace any earlier ones.
//   {"search": QUERY}                                                           -> {"rows": [NUMBER, ...]}
//       QUERY is Query DSL: bool, term, terms, wildcard, prefix, regexp, range, exists, match_all, match_none.
//   {"compile": {"regexp" or "wildcard": TEXT, "fold": BOOLEAN}}                  -> {"states": [CHARACTERS, BYTES]}
//   {"folds": true}                                   -> {"folds": {CHARACTER: [OTHER CHARACTER, ...], ...}}
//   anything that fails                                                         -> {"error": TEXT}
//
// What Elasticsearch adds to Lucene is written here after its documents and sources: case-insensitive terms, prefixes and
// wildcards are automata with one set of characters for each character of the text. Elasticsearch 9 takes for this set
// what Lucene 10 takes (the character, its upper and its lower case, and its partners of Unicode's simple case folding).
// Regular expressions fold ASCII only, in all versions. Limits: 10,000 for determinizing, 1,024 clauses of a whole query (since
// Lucene 9; Debian's Lucene 8 counts each Boolean query on its own), 1,000 characters of a regular expression.
import java.io.BufferedReader;
import java.io.InputStreamReader;
import java.io.PrintStream;
import java.math.BigDecimal;
import java.math.RoundingMode;
import java.net.InetAddress;
import java.nio.charset.StandardCharsets;
import java.util.ArrayList;
import java.util.LinkedHashMap;
import java.util.List;
import java.util.Map;
import java.util.TreeMap;
import java.util.TreeSet;
import org.apache.lucene.document.*;
import org.apache.lucene.index.*;
import org.apache.lucene.search.*;
import org.apache.lucene.store.ByteBuffersDirectory;
import org.apache.lucene.util.BytesRef;
import org.apache.lucene.util.automaton.*;

public class LuceneRunner {
  static final int MAX_DETERMINIZED = 10_000;
  static final int MAX_CLAUSES = 1_024;
  static final int MAX_REGEX = 1_000;
  /** The names of the fields that a document has, for `exists`. */
  static final String NAMES = "_field_names";

  Map<String, Object> fields = new LinkedHashMap<>();
  IndexSearcher searcher;

  public static void main(String[] arguments) throws Exception {
    BufferedReader in = new BufferedReader(new InputStreamReader(System.in, StandardCharsets.UTF_8));
    PrintStream out = new PrintStream(System.out, true, StandardCharsets.UTF_8);
    LuceneRunner runner = new LuceneRunner();
    out.println("{\"ok\":true}");
    for (String line; (line = in.readLine()) != null; ) {
      String answer;
      try {
        answer = runner.answer(object(new Json(line).value()));
      } catch (Exception | StackOverflowError e) {
        String said = e.getMessage() == null ? e.toString() : e.getClass().getSimpleName() + ": " + e.getMessage();
        answer = "{\"error\":" + Json.quoted(said.split("\n")[0]) + "}";
      }
      out.println(answer);
    }
  }

  String answer(Map<String, Object> request) throws Exception {
    if (request.containsKey("documents")) {
      load(object(request.get("fields")), list(request.get("documents")));
      return "{\"ok\":true}";
    }
    if (request.containsKey("search")) {
      return "{\"rows\":" + search(query(object(request.get("search")))) + "}";
    }
    if (request.containsKey("compile")) {
      return "{\"states\":" + compile(object(request.get("compile"))) + "}";
    }
    if (request.containsKey("folds")) {
      return "{\"folds\":" + Folding.all() + "}";
    }
    throw new IllegalArgumentException("unknown request");
  }

  // --- documents

  void load(Map<String, Object> types, List<Object> rows) throws Exception {
    fields = types;
    ByteBuffersDirectory directory = new ByteBuffersDirectory();
    IndexWriterConfig config = new IndexWriterConfig(new org.apache.lucene.analysis.Analyzer() {
      @Override protected TokenStreamComponents createComponents(String name) {
        throw new IllegalStateException("no field is analysed");
      }
    });
    try (IndexWriter writer = new IndexWriter(directory, config)) {
      for (Object row : rows) {
        Document document = new Document();
        for (Map.Entry<String, Object> field : object(row).entrySet()) {
          String name = field.getKey();
          document.add(new StringField(NAMES, name, Field.Store.NO));
          for (Object value : list(field.getValue())) document.add(field(name, type(name), value));
        }
        writer.addDocument(document);
      }
      writer.forceMerge(1); // so that the number of a document is its place
    }
    searcher = new IndexSearcher(DirectoryReader.open(directory));
  }

  String type(String name) {
    Object type = fields.get(name);
    if (type == null) throw new IllegalArgumentException("no mapping found for `" + name + "`");
    return (String) type;
  }

  static Field field(String name, String type, Object value) throws Exception {
    switch (type) {
      case "keyword": return new StringField(name, (String) value, Field.Store.NO);
      case "boolean": return new StringField(name, (Boolean) value ? "T" : "F", Field.Store.NO);
      case "long": return new LongPoint(name, ((BigDecimal) value).longValueExact());
      case "double": return new DoublePoint(name, ((BigDecimal) value).doubleValue());
      case "ip": return new InetAddressPoint(name, address((String) value));
      default: throw new IllegalArgumentException("unknown type " + type);
    }
  }

  /** Never a name, which would be looked up. */
  static InetAddress address(String text) throws Exception {
    if (!text.matches("[0-9a-fA-F:.]+")) throw new IllegalArgumentException("`" + text + "` is not an IP string literal");
    return InetAddress.getByName(text);
  }

  // --- queries

  List<Integer> search(Query query) throws Exception {
    int[] clauses = {0};
    query.visit(new QueryVisitor() {
      @Override public void consumeTerms(Query query, Term... terms) { count(1); }
      @Override public void visitLeaf(Query query) { count(1); }
      @Override public QueryVisitor getSubVisitor(BooleanClause.Occur occur, Query parent) { return this; }
      void count(int more) {
        clauses[0] += more;
        if (clauses[0] > MAX_CLAUSES) throw new IllegalArgumentException("too many clauses: maxClauseCount is " + MAX_CLAUSES);
      }
    });
    List<Integer> rows = new ArrayList<>();
    searcher.search(query, new SimpleCollector() {
      int base;
      @Override protected void doSetNextReader(LeafReaderContext context) { base = context.docBase; }
      @Override public void collect(int document) { rows.add(base + document); }
      @Override public ScoreMode scoreMode() { return ScoreMode.COMPLETE_NO_SCORES; }
    });
    return rows;
  }

  Query query(Map<String, Object> dsl) throws Exception {
    Map.Entry<String, Object> only = dsl.entrySet().iterator().next();
    Map<String, Object> body = object(only.getValue());
    switch (only.getKey()) {
      case "match_all": return new MatchAllDocsQuery();
      case "match_none": return new MatchNoDocsQuery();
      case "bool": return bool(body);
      case "exists": return new TermQuery(new Term(NAMES, (String) body.get("field")));
      default:
    }
    String name = body.keySet().iterator().next();
    String type = type(name);
    if (only.getKey().equals("terms")) return terms(name, type, list(body.get(name)));
    Map<String, Object> said = object(body.get(name));
    switch (only.getKey()) {
      case "term": return term(name, type, said);
      case "range": return range(name, type, said);
      default: keyword(name, type);
    }
    boolean fold = Boolean.TRUE.equals(said.get("case_insensitive"));
    String text = (String) said.get("value");
    Term term = new Term(name, text);
    switch (only.getKey()) {
      case "wildcard":
        return fold ? new AutomatonQuery(term, wildcard(text, true), MAX_DETERMINIZED)
            : new WildcardQuery(term, MAX_DETERMINIZED);
      case "prefix":
        if (!fold) return new PrefixQuery(term);
        List<Automaton> parts = folded(text);
        parts.add(Automata.makeAnyString());
        return new AutomatonQuery(term, MinimizationOperations.minimize(Operations.concatenate(parts), Integer.MAX_VALUE));
      case "regexp": return new AutomatonQuery(term, regexp(text, fold), MAX_DETERMINIZED);
      default: throw new IllegalArgumentException("unknown query " + only.getKey());
    }
  }

  Query bool(Map<String, Object> body) throws Exception {
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    boolean positive = false;
    for (Map.Entry<String, Object> clause : body.entrySet()) {
      BooleanClause.Occur occur = BooleanClause.Occur.valueOf(clause.getKey().toUpperCase(java.util.Locale.ROOT));
      positive |= occur != BooleanClause.Occur.MUST_NOT;
      for (Object part : list(clause.getValue())) builder.add(query(object(part)), occur);
    }
    // A Boolean query of negative clauses only selects all but those in Elasticsearch, nothing in Lucene.
    if (!positive) builder.add(new MatchAllDocsQuery(), BooleanClause.Occur.FILTER);
    return builder.build();
  }

  Query term(String name, String type, Map<String, Object> said) throws Exception {
    Object value = said.get("value");
    boolean fold = Boolean.TRUE.equals(said.get("case_insensitive"));
    switch (type) {
      case "keyword":
        Term term = new Term(name, (String) value);
        if (!fold) return new TermQuery(term);
        List<Automaton> parts = folded(term.text());
        if (parts.isEmpty()) parts.add(Automata.makeEmptyString());
        return new AutomatonQuery(term, MinimizationOperations.minimize(Operations.concatenate(parts), Integer.MAX_VALUE));
      case "boolean": return new TermQuery(new Term(name, (Boolean) value ? "T" : "F"));
      case "ip": {
        String[] parts_ = ((String) value).split("/");
        if (parts_.length == 1) return InetAddressPoint.newExactQuery(name, address(parts_[0]));
        return InetAddressPoint.newPrefixQuery(name, address(parts_[0]), Integer.parseInt(parts_[1]));
      }
      default: return range(name, type, Map.of("gte", value, "lte", value));
    }
  }

  Query terms(String name, String type, List<Object> values) throws Exception {
    if (type.equals("keyword")) {
      List<BytesRef> terms = new ArrayList<>();
      for (Object value : values) terms.add(new BytesRef((String) value));
      return new TermInSetQuery(name, terms);
    }
    BooleanQuery.Builder builder = new BooleanQuery.Builder();
    for (Object value : values) builder.add(term(name, type, Map.of("value", value)), BooleanClause.Occur.SHOULD);
    return builder.build();
  }

  static Query range(String name, String type, Map<String, Object> said) throws Exception {
    BigDecimal gt = (BigDecimal) said.get("gt"), gte = (BigDecimal) said.get("gte");
    BigDecimal lt = (BigDecimal) said.get("lt"), lte = (BigDecimal) said.get("lte");
    if (type.equals("double")) {
      double low = gt != null ? DoublePoint.nextUp(gt.doubleValue()) : gte != null ? gte.doubleValue() : Double.NEGATIVE_INFINITY;
      double high = lt != null ? DoublePoint.nextDown(lt.doubleValue()) : lte != null ? lte.doubleValue() : Double.POSITIVE_INFINITY;
      return DoublePoint.newRangeQuery(name, low, high);
    }
    if (!type.equals("long")) throw new IllegalArgumentException("a range of " + type);
    BigDecimal least = BigDecimal.valueOf(Long.MIN_VALUE), most = BigDecimal.valueOf(Long.MAX_VALUE);
    BigDecimal low = gt != null ? gt.setScale(0, RoundingMode.FLOOR).add(BigDecimal.ONE)
        : gte != null ? gte.setScale(0, RoundingMode.CEILING) : least;
    BigDecimal high = lt != null ? lt.setScale(0, RoundingMode.CEILING).subtract(BigDecimal.ONE)
        : lte != null ? lte.setScale(0, RoundingMode.FLOOR) : most;
    if (low.compareTo(high) > 0 || low.compareTo(most) > 0 || high.compareTo(least) < 0) return new MatchNoDocsQuery();
    return LongPoint.newRangeQuery(name, low.max(least).longValueExact(), high.min(most).longValueExact());
  }

  static void keyword(String name, String type) {
    if (!type.equals("keyword")) {
      throw new IllegalArgumentException("only keyword fields have wildcard, prefix and regexp queries, not `" + name + "`");
    }
  }

  // --- automata

  /** How many states the automaton has, over characters and over the bytes of UTF-8, on which a query runs. */
  static List<Integer> compile(Map<String, Object> said) {
    boolean fold = Boolean.TRUE.equals(said.get("fold"));
    Object regexp = said.get("regexp");
    Automaton automaton = regexp == null ? wildcard((String) said.get("wildcard"), fold) : regexp((String) regexp, fold);
    new CompiledAutomaton(automaton, null, true, MAX_DETERMINIZED, false);
    Automaton bytes = Operations.determinize(new UTF32ToUTF8().convert(automaton), MAX_DETERMINIZED);
    return List.of(Operations.determinize(automaton, MAX_DETERMINIZED).getNumStates(), bytes.getNumStates());
  }

  static Automaton regexp(String text, boolean fold) {
    if (text.length() > MAX_REGEX) {
      throw new IllegalArgumentException("the length of regex [" + text.length() + "] has exceeded [" + MAX_REGEX + "]");
    }
    return new RegExp(text, RegExp.ALL, fold ? RegExp.ASCII_CASE_INSENSITIVE : 0).toAutomaton(MAX_DETERMINIZED);
  }

  static Automaton wildcard(String text, boolean fold) {
    List<Automaton> parts = new ArrayList<>();
    for (int i = 0; i < text.length(); ) {
      int c = text.codePointAt(i);
      i += Character.charCount(c);
      if (c == '*') {
        parts.add(Automata.makeAnyString());
      } else if (c == '?') {
        parts.add(Automata.makeAnyChar());
      } else if (c == '\\' && i < text.length()) {
        int escaped = text.codePointAt(i);
        i += Character.charCount(escaped);
        parts.add(Automata.makeChar(escaped)); // exact, whatever the case of the rest
      } else {
        parts.add(fold ? Folding.set(c) : Automata.makeChar(c));
      }
    }
    return Operations.determinize(Operations.concatenate(parts), MAX_DETERMINIZED);
  }

  static List<Automaton> folded(String text) {
    List<Automaton> parts = new ArrayList<>();
    text.codePoints().forEach(c -> parts.add(Folding.set(c)));
    return parts;
  }

  /** Which characters a character of a case-insensitive text takes. */
  static final class Folding {
    /** The characters of one simple folding. */
    static final Map<Integer, TreeSet<Integer>> PARTNERS = new TreeMap<>();

    static {
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        // The two i of Turkish fold to nothing else, though their cases are those of `i`.
        if (c == 0x130 || c == 0x131) continue;
        int key = Character.toLowerCase(Character.toUpperCase(c));
        // Three pairs have partners in the folding of Unicode 15.1 without having cases.
        key = key == 0xFB05 ? 0xFB06 : key == 0x1FD3 ? 0x390 : key == 0x1FE3 ? 0x3B0 : key;
        PARTNERS.computeIfAbsent(key, k -> new TreeSet<>()).add(c);
        if (key != c) PARTNERS.computeIfAbsent(key, k -> new TreeSet<>());
      }
      Map<Integer, TreeSet<Integer>> all = new TreeMap<>();
      for (TreeSet<Integer> set : PARTNERS.values()) if (set.size() > 1) for (int c : set) all.put(c, set);
      PARTNERS.clear();
      PARTNERS.putAll(all);
    }

    static TreeSet<Integer> of(int c) {
      TreeSet<Integer> out = new TreeSet<>(PARTNERS.getOrDefault(c, new TreeSet<>()));
      out.add(c);
      out.add(Character.toUpperCase(c));
      out.add(Character.toLowerCase(c));
      return out;
    }

    static Automaton set(int c) {
      List<Automaton> parts = new ArrayList<>();
      for (int other : of(c)) parts.add(Automata.makeChar(other));
      return parts.size() == 1 ? parts.get(0) : MinimizationOperations.minimize(Operations.union(parts), Integer.MAX_VALUE);
    }

    static String all() {
      StringBuilder out = new StringBuilder("{");
      for (int c = 0; c <= Character.MAX_CODE_POINT; c++) {
        TreeSet<Integer> set = of(c);
        if (set.size() == 1) continue;
        out.append(out.length() > 1 ? "," : "").append(Json.quoted(Character.toString(c))).append(":[");
        String comma = "";
        for (int other : set) {
          if (other == c) continue;
          out.append(comma).append(Json.quoted(Character.toString(other)));
          comma = ",";
        }
        out.append("]");
      }
      return out.append("}").toString();
    }
  }

  // --- JSON

  @SuppressWarnings("unchecked")
  static Map<String, Object> object(Object value) { return (Map<String, Object>) value; }

  @SuppressWarnings("unchecked")
  static List<Object> list(Object value) { return (List<Object>) value; }

  /** A reader of JSON: objects keep their order, numbers are decimals. */
  static final class Json {
    final String text;
    int at;

    Json(String text) { this.text = text; }

    char peek() {
      while (" \t\r\n".indexOf(text.charAt(at)) >= 0) at++;
      return text.charAt(at);
    }

    boolean take(char c) {
      boolean found = peek() == c;
      if (found) at++;
      return found;
    }

    Object word(String word, Object value) {
      at += word.length();
      return value;
    }

    Object value() {
      switch (peek()) {
        case '{': {
          Map<String, Object> out = new LinkedHashMap<>();
          at++;
          if (take('}')) return out;
          do {
            peek();
            String name = string();
            take(':');
            out.put(name, value());
          } while (take(','));
          take('}');
          return out;
        }
        case '[': {
          List<Object> out = new ArrayList<>();
          at++;
          if (take(']')) return out;
          do out.add(value()); while (take(','));
          take(']');
          return out;
        }
        case '"': return string();
        case 't': return word("true", true);
        case 'f': return word("false", false);
        case 'n': return word("null", null);
        default:
          int from = at;
          while (at < text.length() && "+-.0123456789eE".indexOf(text.charAt(at)) >= 0) at++;
          return new BigDecimal(text.substring(from, at));
      }
    }

    String string() {
      StringBuilder out = new StringBuilder();
      at++;
      for (char c; (c = text.charAt(at++)) != '"'; ) {
        if (c != '\\') {
          out.append(c);
          continue;
        }
        c = text.charAt(at++);
        switch (c) {
          case 'b': out.append('\b'); break;
          case 'f': out.append('\f'); break;
          case 'n': out.append('\n'); break;
          case 'r': out.append('\r'); break;
          case 't': out.append('\t'); break;
          case 'u':
            out.append((char) Integer.parseInt(text.substring(at, at + 4), 16));
            at += 4;
            break;
          default: out.append(c);
        }
      }
      return out.toString();
    }

    static String quoted(String text) {
      StringBuilder out = new StringBuilder("\"");
      for (char c : text.toCharArray()) {
        if (c == '"' || c == '\\') out.append('\\').append(c);
        else if (c < ' ' || Character.isSurrogate(c)) out.append(String.format("\\u%04x", (int) c));
        else out.append(c);
      }
      return out.append('"').toString();
    }
  }
}
