import type { Candidate } from "../model/candidate.ts";
import { CUT } from "../kit/text/cut.ts";
import { Redactor } from "../kit/text/redact.ts";
import type { Assembly } from "./types.ts";

/** Places whose value is a whole command line, most of which is not secret. */
const COMMANDS: ReadonlySet<string> = new Set(["cmd", "entrypoint", "healthcheck"]);

/**
 * Text that others wrote as it may be quoted. Known values are not all that it can show: a container has secrets that
 * do not move, which nobody read in this process, and an application some that stand in no configuration.
 */
export async function quotable(
  text: string,
  { redactor, detector }: Pick<Assembly, "redactor" | "detector">,
  beside: readonly Candidate[] = [],
): Promise<string> {
  const judge = await detector();
  const seen = new Redactor();
  for (const { name, value, location, lead } of beside) {
    const { where, path } = location;
    const question = { name, value, where, path, ...(lead !== undefined && { lead }) };
    const verdict = judge.classify(question);
    if (!verdict.secret && verdict.suppressedBy === undefined) continue;
    seen.know(value, COMMANDS.has(where));
    seen.know(judge.part(question) ?? value, COMMANDS.has(where));
  }
  for (const { value, part } of judge.text(Buffer.from(text), "log", "text").spotted)
    for (const one of [value, part]) seen.know(one);
  return withoutKeyEnd(redactor.foreign(seen.foreign(text)));
}

/** Without the rest of a private key whose beginning a cut took away. */
function withoutKeyEnd(text: string): string {
  const end = /-----END [A-Z0-9 ]*PRIVATE KEY-----/.exec(text);
  if (!text.startsWith(CUT) || end === null || text.slice(0, end.index).includes("-----BEGIN ")) return text;
  return `${CUT}[secret]${text.slice(end.index + end[0].length)}`;
}
