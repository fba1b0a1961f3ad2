import { createHash } from "node:crypto";
import { resolve } from "node:path";
import { FAIL_ON, passesMore, type FailOn } from "../../model/fail-on.ts";
import { CONFIDENCES, type Confidence } from "../../model/finding.ts";
import { namesFinding } from "./ignore.ts";
import { readPlain } from "./owned.ts";
import { NO_TUNING, type TuningConfig } from "./tuning.ts";
import type { JsonObject } from "../../kit/json-object.ts";
import type { IgnoreRule } from "./ignore-entries.ts";

/** A setting that applies only from a trusted file, since it has effects beyond the scan's own findings. */
export type Guarded = { readonly path: string; readonly value: unknown };

/** The values that apply without the file. */
export type Base = { readonly failOn: FailOn | null; readonly minConfidence: Confidence | null };

/** Turning off more rules than this needs trust. */
const MOST_OFF = 10;
/** A stop word this short is contained in most secrets. */
const SHORT = 2;
const MOST_STOP_WORDS = 100;

/**
 * The settings of a file that need trust: everything that names an address, a credential, a program or a file outside
 * it (stores, hosts, notify, fleet, watch, verify, rule files), everything that hides findings without naming each one,
 * and when people are reminded (rotate). In a `foreign` file, which someone else can write to, everything that hides findings.
 */
export function guardedOf(top: JsonObject, tuning: TuningConfig, base: Base, foreign: boolean): readonly Guarded[] {
  const found: Guarded[] = [];
  for (const section of ["stores", "hosts", "notify"])
    for (const [name, value] of Object.entries((top[section] ?? {}) as JsonObject))
      found.push({ path: `${section}.${name}`, value });
  const { endpoints } = (top["verify"] ?? {}) as { readonly endpoints?: object | null };
  for (const [name, value] of Object.entries(endpoints ?? {})) found.push({ path: `verify.endpoints.${name}`, value });
  for (const section of ["fleet", "watch", "rotate"])
    if (top[section] !== undefined && top[section] !== null) found.push({ path: section, value: top[section] });
  for (const key of ["failOn", "minConfidence"] as const)
    if (loosens(key, top[key], base)) found.push({ path: key, value: top[key] });
  const { files, off, stopWords, ignore } = guardedTuning(tuning, foreign);
  if (files.length > 0) found.push({ path: "rules.files", value: files });
  if (off.length > 0) found.push({ path: "rules.off", value: off });
  if (stopWords.length > 0) found.push({ path: "stopWords", value: stopWords });
  const entries = top["ignore"] as readonly unknown[];
  for (const rule of ignore) {
    const index = tuning.ignore.indexOf(rule);
    found.push({ path: `ignore[${index}]`, value: entries[index] });
  }
  return found;
}

/** The tuning without the settings that need trust; `foreign` as in `guardedOf`. */
export function withoutGuarded(tuning: TuningConfig, foreign: boolean): TuningConfig {
  if (tuning === NO_TUNING) return tuning;
  const { off, stopWords, ignore } = guardedTuning(tuning, foreign);
  return {
    ...tuning,
    ruleSets: tuning.ruleSets.flatMap((one) => {
      const own = off.length > 0 ? asList(one.own).filter((rule) => !replaces(rule)) : one.own;
      return asList(own).length === 0 ? [] : [{ ...one, own, files: [] }];
    }),
    off: off.length > 0 ? new Set() : tuning.off,
    stopWords: tuning.stopWords.filter((word) => !stopWords.includes(word)),
    ignore: tuning.ignore.filter((rule) => !ignore.includes(rule)),
  };
}

/** Whether the level lets more findings pass, or hides more, than without it. */
export function loosens(key: "failOn" | "minConfidence", value: unknown, base: Base): boolean {
  if (typeof value !== "string") return false;
  if (key === "minConfidence")
    return CONFIDENCES.indexOf(value as Confidence) > CONFIDENCES.indexOf(base.minConfidence ?? "medium");
  return FAIL_ON.includes(value as FailOn) && passesMore(value as FailOn, base.failOn ?? "medium");
}

/**
 * A digest of all these settings and of the bytes of the rule files, independent of their order in the file. Another
 * digest means another configuration.
 */
export function guardedDigest(guarded: readonly Guarded[], dir: string): string {
  const parts = guarded.map(({ path, value }) => canonical([path.replace(/\[\d+\]$/, ""), value]));
  const files = guarded.filter(({ path }) => path === "rules.files").flatMap(({ value }) => asList(value));
  const contents = files.map((file) => [String(file), bytesOf(resolve(dir, String(file)))]);
  const text = JSON.stringify([parts, contents]);
  return `sha256:${createHash("sha256").update(text).digest("hex")}`;
}

function guardedTuning(
  { ruleSets, off, stopWords, ignore }: TuningConfig,
  foreign: boolean,
): {
  readonly files: readonly string[];
  readonly off: readonly string[];
  readonly stopWords: readonly string[];
  readonly ignore: readonly IgnoreRule[];
} {
  const gone = [...off, ...ruleSets.flatMap(({ own }) => asList(own).filter(replaces).map(idOf))];
  return {
    files: ruleSets.flatMap(({ files }) => files),
    off: foreign || gone.length > MOST_OFF ? gone : [],
    stopWords:
      foreign || stopWords.length > MOST_STOP_WORDS
        ? stopWords
        : stopWords.filter((word) => word.trim().length <= SHORT),
    ignore: foreign ? ignore : ignore.filter((rule) => !namesFinding(rule)),
  };
}

function asList(value: unknown): readonly unknown[] {
  return Array.isArray(value) ? value : value === undefined || value === null ? [] : [value];
}

function replaces(rule: unknown): boolean {
  return typeof rule === "object" && rule !== null && (rule as { replaces?: unknown }).replaces === true;
}

function idOf(rule: unknown): string {
  const { id } = rule as { id?: unknown };
  return typeof id === "string" ? id : "?";
}

function bytesOf(file: string): string | null {
  const bytes = readPlain(file);
  return bytes === null ? null : createHash("sha256").update(bytes).digest("hex");
}

/** An array form in which the order of keys does not matter. */
function canonical(value: unknown): unknown {
  if (Array.isArray(value)) return ["list", ...value.map(canonical)];
  if (typeof value !== "object" || value === null) return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return ["map", ...entries.map(([key, one]) => [key, canonical(one)])];
}
