import { leaveOut } from "../unread.ts";
import { LEAST, patience, type Bounds } from "./find.ts";
import type { OwnHit, OwnInput, SecretHit } from "./types.ts";

/** A private key is longer than any token. */
const OVERLAP = 16_384;
const MOST = 5000;

/**
 * What `find` says of a text of any length, window by window: none is so long that a pattern would see a part of it
 * only. Bounded: 5,000 hits, and five seconds of work a mebibyte.
 */
export function findInText(
  text: string,
  path: string,
  find: (input: OwnInput, bounds: Bounds) => readonly OwnHit[],
): readonly SecretHit[] {
  const isOver = patience(Math.ceil(text.length / 1_048_576));
  const hits: SecretHit[] = [];
  const told = new Set<string>();
  for (const { from, to } of windowsOf(text)) {
    if (hits.length >= MOST) {
      leaveOut("secrets");
      break;
    }
    const input = { name: "", text: text.slice(from, to), path };
    for (const hit of find(input, { most: MOST - hits.length, isOver })) {
      if (hit.kind !== "secret") continue;
      const [start, end] = [hit.start + from, hit.end + from];
      // The overlap tells it again; a rule of a path alone means the file.
      const key = hit.rule.pattern === null ? hit.rule.id : `${start} ${end} ${hit.rule.id}`;
      const cut = hit.rule.pattern !== null && isCut(text, { from, to }, start, end);
      if (cut || told.size === told.add(key).size) continue;
      hits.push({ ...hit, start, end });
    }
  }
  return hits;
}

type Window = { readonly from: number; readonly to: number };

/** Windows begin and end at line breaks, unless a line is longer than the overlap. */
function* windowsOf(text: string): Generator<Window> {
  for (let from = 0; ;) {
    const last = text.length - from <= LEAST;
    const to = last ? text.length : edge(text, from + LEAST);
    yield { from, to };
    if (last) return;
    from = edge(text, to - OVERLAP);
  }
}

/** The place behind the last line break before `at`, or `at` itself; never within a character. */
function edge(text: string, at: number): number {
  const line = text.slice(at - OVERLAP, at).lastIndexOf("\n");
  if (line >= 0) return at - OVERLAP + line + 1;
  return /[\uDC00-\uDFFF]/.test(text[at] ?? "") ? at - 1 : at;
}

/**
 * A match that touches an edge within a line may continue after it: the window before or the next one has all of it.
 */
function isCut(text: string, { from, to }: Window, start: number, end: number): boolean {
  if (start === from && from > 0 && text[from - 1] !== "\n") return end - start < OVERLAP;
  return end === to && to < text.length && text[to - 1] !== "\n" && start > to - OVERLAP;
}
