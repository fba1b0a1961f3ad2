import type { Change } from "./change.ts";
import { SEVERITIES, type Severity } from "./finding.ts";
import { NOTICE_KINDS, type AgentNotice, type Notice, type NoticeKind } from "./notice.ts";
import { cmd } from "../kit/shell.ts";
import { printable } from "../kit/text/escape.ts";

/** Longer names are cut: anyone can name a container, and the name ends up in a chat message. */
const LONGEST = 120;
const LONGEST_TEXT = 400;

/** Counts per kind, zeros left out: `2 new, 1 regressed, 3 gone`. */
export function changeCounts(changes: readonly Notice[]): string {
  return NOTICE_KINDS.map((kind) => [changes.filter((change) => change.kind === kind).length, kind] as const)
    .filter(([count]) => count > 0)
    .map(([count, kind]) => (kind === "agent" ? `${count} from the agent` : `${count} ${kind}`))
    .join(", ");
}

/**
 * One change as one line of plain text, with untrusted names escaped for a terminal: `new: DB_PASSWORD in container api
 * on web1, since 2026-11-25 10:00 UTC; high severity, high confidence; id 0a1b2c3d4e5f; next: unsprawl plan docker:api
 * --to STORE`.
 */
export function changeSentence(change: Notice): string {
  if (change.kind === "agent") return agentSentence(change);
  const { kind, finding, host, run, since } = change;
  const { name, location, severity, confidence, id } = finding;
  const where = `${location.subject} ${shown(location.subjectName)} on ${shown(host)}`;
  const moved = run === null ? "" : `, which run ${shown(run)} had moved`;
  const grade = `${severity} severity, ${confidence} confidence`;
  const command = commandFor(change);
  const end = command === null ? "" : `; next: ${command}`;
  return `${kind}: ${shown(name)} in ${where}, since ${minute(since)}${moved}; ${grade}; id ${shown(id)}${end}`;
}

/**
 * The command to type for a change; null if there is nothing to do. Only the engine's containers can be planned from
 * anywhere; a scan of its source shows everything else again.
 */
export function commandFor({ kind, finding: { location } }: Pick<Change, "kind" | "finding">): string | null {
  if (kind === "gone") return null;
  const { source, subject, subjectName } = location;
  const own = source.startsWith("docker:") && subject === "container";
  const command = own ? cmd`unsprawl plan docker:${subjectName} --to STORE` : cmd`unsprawl scan ${source}`;
  return command.length <= LONGEST ? command : "unsprawl scan";
}

/** `agent: container:web: API_TOKEN applied; 1 container has it, on web1, 2026-11-25 10:00 UTC; low severity`. */
function agentSentence({ text, host, severity, at }: AgentNotice): string {
  const safe = printable(text);
  const said = safe.length <= LONGEST_TEXT ? safe : `${safe.slice(0, LONGEST_TEXT - 1).toWellFormed()}…`;
  return `agent: ${said}, on ${shown(host)}, ${minute(at)}; ${severity} severity`;
}

/** `2026-11-25 10:00 UTC`; anything that is not a time as it is. */
function minute(iso: string): string {
  const time = Date.parse(iso);
  return Number.isNaN(time) ? shown(iso) : `${new Date(time).toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** Sorted by kind (regressed, agent, back, new, gone), then by descending severity; otherwise stable. */
function loudestFirst(changes: readonly Notice[]): readonly Notice[] {
  return changes.toSorted(
    (a, b) =>
      LOUD.indexOf(a.kind) - LOUD.indexOf(b.kind) ||
      SEVERITIES.indexOf(severityOf(b)) - SEVERITIES.indexOf(severityOf(a)),
  );
}

const LOUD: readonly NoticeKind[] = ["regressed", "agent", "back", "new", "gone"];

const severityOf = (one: Notice): Severity => (one.kind === "agent" ? one.severity : one.finding.severity);

/**
 * The most important changes as lines, within the limits of `most`. If some did not fit, the last line counts them:
 * `and 37 more`. `form` converts each line to the target's markup before its length is counted.
 */
export function changeLines(
  changes: readonly Notice[],
  most: { readonly lines: number; readonly characters: number },
  form: (line: string) => string = (line) => line,
): readonly string[] {
  const lines: string[] = [];
  let room = most.characters;
  for (const change of loudestFirst(changes)) {
    const line = form(changeSentence(change));
    room -= line.length + 1;
    if (lines.length === most.lines || (room < 0 && lines.length > 0)) break;
    lines.push(line);
  }
  const more = changes.length - lines.length;
  return more === 0 ? lines : [...lines, `and ${more} more`];
}

function shown(text: string): string {
  const safe = printable(text);
  return safe.length <= LONGEST ? safe : `${safe.slice(0, LONGEST - 1).toWellFormed()}…`;
}
