import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll } from "vitest";
import { kit, ruleById } from "../../../src/detect/index.ts";
import { SEED } from "../../support/deep.ts";
import { makeWorld, type Ran, type World } from "../../support/world.ts";

export const make = kit(SEED);
/** A token that every rule and kind of text knows. */
export const token = (): string => (ruleById("github-token")?.examples(make)[0] ?? "") as string;

export type Scanned = {
  readonly code: number | null;
  readonly ran: Ran;
  /** `TAG PATH` of each finding, sorted. */
  readonly places: readonly string[];
  /** `SUBJECT: MESSAGE`. */
  readonly errors: readonly string[];
  readonly notes: readonly string[];
  readonly findings: readonly { readonly rule: string; readonly masked: string; readonly name: string }[];
  readonly subjects: number;
};

/** A world with archives to scan, and no engine. */
export function archives(): {
  readonly world: World;
  readonly dir: string;
  readonly write: (name: string, bytes: Buffer) => string;
  /** Scans an archive, or several by one command: each command starts a thread for the layers. */
  readonly scan: (
    path: string | readonly string[],
    more?: readonly string[],
    nodeArgs?: readonly string[],
  ) => Promise<Scanned>;
} {
  const world = makeWorld("unix:///nowhere");
  const dir = mkdtempSync(join(tmpdir(), "unsprawl-archives-"));
  afterAll(() => {
    world.remove();
    rmSync(dir, { recursive: true, force: true });
  });
  const write = (name: string, bytes: Buffer): string => {
    writeFileSync(join(dir, name), bytes);
    return join(dir, name);
  };
  const scan = async (
    path: string | readonly string[],
    more: readonly string[] = ["--layers"],
    nodeArgs: readonly string[] = [],
  ) => {
    const sources = [path].flat().map((one) => `archive:${one}`);
    return scannedOf(
      await world.unsprawl(["scan", ...sources, "--json", ...more], nodeArgs.length > 0 ? { nodeArgs } : {}),
    );
  };
  return { world, dir, write, scan };
}

export function scannedOf(ran: Ran): Scanned {
  if (ran.stdout === "")
    return { code: ran.code, ran, places: [], errors: [ran.stderr], notes: [], findings: [], subjects: 0 };
  const report = JSON.parse(ran.stdout) as {
    findings: { rule: string; masked: string; name: string; location: { subjectName: string; path: string } }[];
    sources: { errors: { subject: string; message: string }[] }[];
    notes: string[];
    summary: { subjects: number };
  };
  const places = report.findings.map(({ location }) => `${location.subjectName} ${location.path}`).toSorted();
  const errors = report.sources.flatMap((source) =>
    source.errors.map(({ subject, message }) => `${subject}: ${message}`),
  );
  const { findings, notes, summary } = report;
  return { code: ran.code, ran, places, errors, notes, findings, subjects: summary.subjects };
}
