import { createDetector, dismissals, PLAIN } from "../../../src/detect/index.ts";
import { atLeast, type Confidence } from "../../../src/model/finding.ts";
import { fingerprintOf, keyOf, labels, type Answer, type Label } from "./labels.ts";
import { filesOf, repositories, type RepositoryFile } from "./repositories.ts";

/** A finding of medium confidence or more; `answer` is null until somebody has labelled it. */
export type RealFinding = Omit<Label, "answer" | "rule"> & {
  readonly rule: string;
  readonly name: string;
  readonly confidence: Confidence;
  readonly answer: Answer | null;
};

/** What one row alone dismisses, or keeps below medium. */
export type RowScore = { readonly id: string; readonly decides: readonly RealFinding[] };

export type RealScore = {
  readonly repositories: number;
  readonly absent: readonly string[];
  readonly files: number;
  readonly lines: number;
  readonly findings: readonly RealFinding[];
  /** Labelled secrets that were not found. */
  readonly missed: readonly Label[];
  /** What all rows together dismiss. */
  readonly dismissed: readonly RealFinding[];
  readonly rows: readonly RowScore[];
};

type Asked = RepositoryFile & { readonly repository: string };

/** Reads every listed repository of the folder, with all rows, with none, and where that differs without each one of them. */
export function evaluateReal(folder: string): RealScore {
  const answers = new Map(labels().map((label) => [keyOf(label), label]));
  const [all, none] = [searcher([], answers), searcher(ROWS, answers)];
  const findings: RealFinding[] = [];
  const dismissed: RealFinding[] = [];
  const differing: { readonly file: Asked; readonly known: ReadonlySet<string> }[] = [];
  const read = new Set<string>();
  const absent: string[] = [];
  let [files, lines] = [0, 0];
  for (const repository of repositories()) {
    const texts = filesOf(folder, repository);
    if (texts === null) {
      absent.push(`${repository.name} at ${repository.commit}`);
      continue;
    }
    read.add(repository.name);
    for (const text of texts) {
      const file = { ...text, repository: repository.name };
      files++;
      lines += linesOf(text.bytes);
      const found = all(file);
      findings.push(...found);
      const known = new Set(found.map(keyOf));
      const more = none(file).filter((one) => !known.has(keyOf(one)));
      dismissed.push(...more);
      if (more.length > 0) differing.push({ file: { ...file, bytes: Buffer.from(file.bytes) }, known });
    }
  }
  const found = new Set(findings.map(keyOf));
  const missed = [...answers.values()].filter(
    (label) => label.answer === "secret" && read.has(label.repository) && !found.has(keyOf(label)),
  );
  const decided = new Map<string, RealFinding[]>(ROWS.map((id) => [id, []]));
  const searches = new Map<string, Search>();
  for (const { file, known } of differing) {
    for (const [id, alone] of decidedBy(ROWS, (off) => {
      const key = off.join();
      const search = searches.get(key) ?? searcher(off, answers);
      searches.set(key, search);
      return search(file).filter((one) => !known.has(keyOf(one)));
    }))
      decided.get(id)?.push(...alone);
  }
  const rows = [...decided].map(([id, decides]) => ({ id, decides }));
  return { ...{ repositories: read.size, absent, files, lines, findings, missed, dismissed }, rows };
}

/** What each of these rows decides alone. Where a half of them shows nothing together, none of it does alone. */
function decidedBy(
  rows: readonly string[],
  without: (off: readonly string[]) => readonly RealFinding[],
): readonly (readonly [string, readonly RealFinding[]])[] {
  const shown = without(rows);
  const [id] = rows;
  if (shown.length === 0 || id === undefined) return [];
  if (rows.length === 1) return [[id, shown]];
  const half = rows.length >> 1;
  return [...decidedBy(rows.slice(0, half), without), ...decidedBy(rows.slice(half), without)];
}

const ROWS = dismissals.map(({ id }) => id);

type Search = (file: Asked) => readonly RealFinding[];

/** The findings of a file with these rows off. */
function searcher(off: readonly string[], answers: ReadonlyMap<string, Label>): Search {
  const detector = createDetector({ ...PLAIN, off: new Set(off) });
  return ({ repository, path, bytes }) =>
    detector.text(bytes, path).spotted.flatMap(({ verdict, part, line, name }) => {
      if (!verdict.secret || !atLeast(verdict.confidence, "medium")) return [];
      const place = { repository, file: path, line, fingerprint: fingerprintOf(part.expose()) };
      const { rule, confidence } = verdict;
      return [{ ...place, rule, confidence, name, answer: answers.get(keyOf(place))?.answer ?? null }];
    });
}

function linesOf(bytes: Uint8Array): number {
  if (bytes.subarray(0, 8000).includes(0)) return 0;
  let lines = 0;
  for (let at = bytes.indexOf(10); at >= 0; at = bytes.indexOf(10, at + 1)) lines++;
  return lines;
}
