import { appendFileSync, readFileSync, rmSync, statSync } from "node:fs";
import { join, resolve } from "node:path";
import type { HostEvent } from "../contract/host.ts";
import type { Finding } from "../model/finding.ts";
import type { FingerprintKey } from "../model/fingerprint.ts";
import { VERSION } from "../model/version.ts";
import type { IdOf } from "./finding-id.ts";
import type { TuningConfig } from "./config/tuning.ts";
import { makeFolders } from "../kit/io/folders.ts";

/** The result of one subject as a report counts it. Findings hold fingerprints and masks, never a value. */
export type SubjectCheckpoint = {
  readonly values: number;
  readonly findings: readonly Finding[];
  readonly hidden: number;
  /** What suppressed secrets, one entry per secret. */
  readonly ignored: readonly string[];
  readonly advice: readonly { readonly source: string; readonly subject: string; readonly texts: readonly string[] }[];
};

/** The saved progress of a long scan of one source. */
export type ScanProgress = {
  /** Earlier results by cache key. Empty unless the scan resumes. */
  readonly earlier: Pick<ReadonlyMap<string, SubjectCheckpoint>, "get" | "has">;
  /** Announces many keys before `earlier` is asked for them. */
  ask?(keys: readonly string[]): Promise<void>;
  /** The progress of an interrupted scan that is not resumed, or null. */
  readonly left: { readonly subjects: number; readonly since: Date } | null;
  /** Saves one subject's result. After a write error, nothing more is saved. */
  add(key: string, judged: SubjectCheckpoint): void;
  /** How many subjects are saved. */
  readonly kept: number;
  /** Deletes the saved progress: the scan is complete. */
  end(): void;
};

/** Where results are saved: to resume this scan, or in a cache shared with other scans. */
export type Keep = { readonly resume: boolean } | { readonly shelf: LoadScanProgress };

/**
 * Opens the results saved under a digest of the detection settings. `named`: the settings match subject names, so
 * results do not apply to the same subject under another name.
 */
export type LoadScanProgress = (settings: string, named: boolean) => ScanProgress;

/** A digest of everything that determines findings and fingerprints, including this program's version. */
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

/** Opens the progress of scans under these detection settings; `rules` returns the built-in rules. */
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

/** Cached results adapted to this scan: an image is the same everywhere, but its source and exposure differ. */
export function relocatedCheckpoint(
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
 * Opens the saved progress of a scan. Another source, setting or key is another scan. With `resume` an interrupted scan
 * continues; otherwise its progress is deleted when the first subject has been classified.
 *
 * The file is `scans/ID.jsonl` (0600) in the state folder, created with the first subject, one line per subject. A
 * truncated last line is ignored.
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
        if (!begun) makeFolders(join(state, "scans"), 0o700);
        if (!begun && earlier.size === 0) rmSync(file, { force: true });
        // The last line may be truncated: start a new one.
        appendFileSync(file, `${begun || earlier.size === 0 ? "" : "\n"}${JSON.stringify({ key, ...judged })}\n`, {
          mode: 0o600,
        });
        begun = true;
        kept++;
      } catch {
        // The state folder is full or read-only; the scan itself matters more.
        broken = true;
        kept = 0;
      }
    },
    end() {
      try {
        rmSync(file, { force: true });
      } catch {
        // The folder became read-only: the next scan reports the leftover.
      }
    },
  };
}

/** An empty result. */
export const emptyCheckpoint = (): {
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

/** A note that an interrupted scan exists. */
export function interruptedScanEvent(spec: string, { subjects, since }: NonNullable<ScanProgress["left"]>): HostEvent {
  const text = `an interrupted scan of ${spec} (${since.toISOString()}) had read ${subjects}; this one starts from the beginning`;
  return { type: "note", level: "info", text, hint: "--resume continues it" };
}

/** A note that the progress of this interrupted scan was saved. */
export function checkpointEvent(spec: string, subjects: number): HostEvent {
  const text = `the findings in ${subjects} of ${spec} are kept`;
  return { type: "note", level: "info", text, hint: "the same command with --resume continues from there" };
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
