import { appendFileSync, mkdirSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { HostEvent } from "../contract/host.ts";
import type { Finding } from "../model/finding.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { VERSION } from "../model/version.ts";
import type { IdOf } from "./finding-id.ts";
import type { TuningConfig } from "./config/tuning.ts";

/** What one subject held, as a report counts it: findings hold fingerprints and masks, never a value. */
export type SubjectCheckpoint = {
  readonly values: number;
  readonly findings: readonly Finding[];
  readonly hidden: number;
  /** What hid secrets, once for each that it hid. */
  readonly ignored: readonly string[];
  readonly advice: readonly { readonly source: string; readonly subject: string; readonly texts: readonly string[] }[];
};

/** What is kept of a long scan of one source while it goes on. */
export type ScanProgress = {
  /** What was judged before, by key. Empty when the scan begins anew. */
  readonly earlier: Pick<ReadonlyMap<string, SubjectCheckpoint>, "get" | "has">;
  /** Told of many keys at once before `earlier` is asked for them. */
  ask?(keys: readonly string[]): Promise<void>;
  /** How many subjects an interrupted scan left that is not gone on with, and when; null when there is none. */
  readonly left: { readonly subjects: number; readonly since: Date } | null;
  /** Keeps one more; where nothing can be written, nothing is kept from then on. */
  add(key: string, judged: SubjectCheckpoint): void;
  /** How many are kept. */
  readonly kept: number;
  /** Takes it away: the scan has come to its end. */
  end(): void;
};

/** Where what was judged is kept: for a scan that is gone on with, or for whoever scans the same elsewhere. */
export type Keep = { readonly resume: boolean } | { readonly shelf: LoadScanProgress };

/**
 * Gives what is kept under these settings of detection, a digest of them. `named`: the settings look at what a subject is
 * called, so that the same under another name may be judged otherwise.
 */
export type LoadScanProgress = (settings: string, named: boolean) => ScanProgress;

/** A digest of all that decides what is a secret (this version's code, too), and what its fingerprint is. */
export async function detectionSettings({
  tuning,
  rules,
  key,
}: {
  readonly tuning: TuningConfig;
  readonly rules: () => Promise<readonly object[]>;
  readonly key: FingerprintKey;
}): Promise<string> {
  const files = tuning.ruleSets.flatMap(({ files: named, dir }) => named.map((one) => textOf(resolve(dir, one))));
  const { inspect } = process.getBuiltinModule("node:util");
  return digestOf([inspect([tuning, files, await rules()], WHOLE), VERSION, key.id]);
}

/** Opens the progress of scans under these settings of detection; `rules` are the built-in ones. */
export function progressUnder(
  settings: {
    readonly state: string;
    readonly tuning: TuningConfig;
    readonly rules: () => Promise<readonly object[]>;
    readonly key: FingerprintKey;
  },
  keep: Keep,
): (of: readonly unknown[]) => Promise<ScanProgress> {
  const { state, tuning } = settings;
  return async ([source, ...of]) => {
    const today = new Date().toISOString().slice(0, 10);
    const over = tuning.ignore.map(({ until }) => until !== null && until < today);
    const made = await detectionSettings(settings);
    if ("shelf" in keep) return keep.shelf(digestOf([made, over, ...of]), tuning.ignore.length > 0);
    return openScanProgress(state, digestOf([made, over, source, ...of]), keep.resume);
  };
}

const digestOf = (settings: readonly unknown[]): string =>
  process
    .getBuiltinModule("node:crypto")
    .createHash("sha256")
    .update(JSON.stringify(settings))
    .digest("hex")
    .slice(0, 32);

/** What was judged, as it is told here: an image is the same wherever it is, and seen by others. */
export function calledHere(
  judged: SubjectCheckpoint,
  { source, exposure }: { readonly source: string; readonly exposure: readonly string[] },
  idOf: IdOf,
): SubjectCheckpoint {
  const findings = judged.findings.map((one): Finding => {
    const location = { ...one.location, source };
    return { ...one, id: idOf(one.fingerprint, one.name, location), location, exposure };
  });
  return { ...judged, findings, advice: judged.advice.map((one) => ({ ...one, source })) };
}

/**
 * Opens what is kept of a scan that a given source, these settings and this key make; another setting makes it another
 * scan. `resume` goes on with an interrupted one, else it is forgotten when the first subject has been judged anew.
 * A file `scans/ID.jsonl` (0600) of the state folder, made with the first subject, a line for each; a last line that was
 * cut short does not count.
 */
function openScanProgress(state: string, id: string, resume: boolean): ScanProgress {
  const file = join(state, "scans", `${id}.jsonl`);
  const found = read(file);
  const earlier = resume ? found : new Map<string, SubjectCheckpoint>();
  const left = resume || found.size === 0 ? null : { subjects: found.size, since: statSync(file).mtime };
  let begun = false;
  let kept = earlier.size;
  let broken = false;
  return {
    earlier,
    left,
    get kept() {
      return kept;
    },
    add(key, judged) {
      if (broken) return;
      try {
        if (!begun) mkdirSync(join(state, "scans"), { recursive: true, mode: 0o700 });
        if (!begun && earlier.size === 0) rmSync(file, { force: true });
        // What comes before may be a line that was cut short.
        appendFileSync(file, `${begun || earlier.size === 0 ? "" : "\n"}${JSON.stringify({ key, ...judged })}\n`, {
          mode: 0o600,
        });
        begun = true;
        kept++;
      } catch {
        // A folder that is full or read-only: the scan itself matters more.
        broken = true;
        kept = 0;
      }
    },
    end() {
      try {
        rmSync(file, { force: true });
      } catch {
        // Read-only by now: the next scan says that it is there.
      }
    },
  };
}

/** Of a subject of which nothing has been told yet. */
export const nothing = (): {
  findings: Finding[];
  hidden: number;
  ignored: string[];
  advice: SubjectCheckpoint["advice"][number][];
} => ({
  findings: [],
  advice: [],
  hidden: 0,
  ignored: [],
});

/** That an interrupted scan is there, as a note. */
export function interrupted(spec: string, { subjects, since }: NonNullable<ScanProgress["left"]>): HostEvent {
  const text = `an interrupted scan of ${spec} of ${since.toISOString()} had read ${subjects}; this one begins anew`;
  return { type: "note", level: "info", text, hint: "--resume goes on with one" };
}

/** That this one, which could not go on, is kept. */
export function checkpointEvent(spec: string, subjects: number): HostEvent {
  const text = `what was found in ${subjects} of ${spec} is kept`;
  return { type: "note", level: "info", text, hint: "the same again with --resume goes on from there" };
}

const WHOLE = { depth: Infinity, maxArrayLength: Infinity, maxStringLength: Infinity, breakLength: Infinity } as const;

function textOf(file: string): string {
  try {
    return readFileSync(file, "utf8");
  } catch {
    return ""; // said by who reads the rules
  }
}

function read(file: string): Map<string, SubjectCheckpoint> {
  const found = new Map<string, SubjectCheckpoint>();
  let text: string;
  try {
    text = readFileSync(file, "utf8");
  } catch {
    return found;
  }
  for (const line of text.split("\n").slice(0, -1)) {
    const { key, ...judged } = parsed(line);
    if (key !== undefined) found.set(key, judged as SubjectCheckpoint);
  }
  return found;
}

function parsed(line: string): { readonly key?: string } & Partial<SubjectCheckpoint> {
  try {
    return JSON.parse(line) as { readonly key: string } & SubjectCheckpoint;
  } catch {
    return {};
  }
}
