import type { Document, DocumentOptions, ParseOptions, SchemaOptions } from "yaml";

/** The library, which is loaded on first use. */
export type Yaml = typeof import("yaml");

/** What of the lexer decides how far the lines of a quoted scalar are indented. */
type QuotedLexer = {
  indentNext: number;
  parseQuotedScalar(): Generator<string, unknown>;
};

/**
 * Like `parseAllDocuments`, but the lines of a quoted scalar need no indentation. YAML 1.2.2, section 6.3, asks for it;
 * go-yaml, which Compose and kubectl read with, does not, and people close a quote below its key.
 */
export function parseUnindented(
  { Composer, Lexer, Parser }: Yaml,
  text: string,
  options: ParseOptions & DocumentOptions & SchemaOptions,
): Iterable<Document> {
  const lexer = new Lexer();
  ignoreIndentation(lexer as unknown as QuotedLexer);
  const parser = new Parser();
  function* tokens(): ReturnType<typeof parser.parse> {
    for (const lexeme of lexer.lex(text)) yield* parser.next(lexeme);
    yield* parser.end();
  }
  return new Composer(options).compose(tokens());
}

function ignoreIndentation(lexer: QuotedLexer): void {
  const strict = lexer.parseQuotedScalar.bind(lexer);
  lexer.parseQuotedScalar = function* () {
    const indent = lexer.indentNext;
    lexer.indentNext = 0;
    const next = yield* strict();
    lexer.indentNext = indent;
    return next;
  };
}
