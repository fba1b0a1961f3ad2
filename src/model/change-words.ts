import { SEVERITIES, type Severity } from "./finding.ts";
import { NOTICE_KINDS, type AgentNotice, type Notice, type NoticeKind } from "./notice.ts";
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
 * One change as one line of plain text, with untrusted names escaped for a terminal:
 * `regressed: DB_PASSWORD in container api on web1 (run 20261125-… had moved it) — severity high`.
 */
export function changeSentence(change: Notice): string {
  if (change.kind === "agent") return agentSentence(change);
  const { kind, finding, host, run, since } = change;
  const { name, location, severity } = finding;
  const where = `${location.subject} ${shown(location.subjectName)} on ${shown(host)}`;
  const before =
    run !== null ? ` (run ${shown(run)} had moved it)` : kind === "new" ? "" : ` (first seen ${since.slice(0, 10)})`;
  return `${kind}: ${shown(name)} in ${where}${before} — severity ${severity}`;
}

/** `agent: container:web: API_TOKEN applied; 1 container has it, on web1 — severity low`. */
function agentSentence({ text, host, severity }: AgentNotice): string {
  const safe = printable(text);
  const said = safe.length <= LONGEST_TEXT ? safe : `${safe.slice(0, LONGEST_TEXT - 1).toWellFormed()}…`;
  return `agent: ${said}, on ${shown(host)} — severity ${severity}`;
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
