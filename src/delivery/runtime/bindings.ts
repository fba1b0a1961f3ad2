import { readFileSync } from "node:fs";
import { join } from "node:path";
import { causeOf, UnsprawlError } from "../../model/error.ts";
import { atomicWrite, sweepTemps } from "../../kit/io/atomic.ts";
import { mustBeKnownForm } from "../../kit/io/form.ts";
import { withFileLock } from "../../kit/io/lock.ts";
import type { ReferenceBinding } from "../../model/binding.ts";
import type { Move } from "../../model/plan.ts";

const FILE = "bindings.json";

/** All bindings; empty without a file. Throws `denied` or `malformed`; then nothing may be resolved. */
export function readBindings(home: string): readonly ReferenceBinding[] {
  let text: string;
  try {
    text = readFileSync(join(home, FILE), "utf8");
  } catch (error) {
    const code = (error as { code?: string }).code;
    if (code === "ENOENT" || code === "ENOTDIR") return [];
    throw new UnsprawlError("denied", `cannot read ${home}/${FILE}`, "run as root", causeOf(error));
  }
  try {
    const { version, bindings } = JSON.parse(text) as { version?: unknown; bindings?: unknown };
    mustBeKnownForm(version, 1, `${home}/${FILE}`);
    if (version !== 1 || !Array.isArray(bindings) || !bindings.every(isBinding)) throw new TypeError("shape");
    return bindings;
  } catch (error) {
    if (error instanceof UnsprawlError) throw error;
    throw new UnsprawlError(
      "malformed",
      `${home}/${FILE} cannot be understood`,
      "restore it from a backup; or remove it, then: unsprawl runtime allow CONSUMER VARIABLE REFERENCE",
      causeOf(error),
    );
  }
}

/** The bindings that a delivery needs for its moves. Throws `malformed` for a plan that names no consumer. */
export function deliveredBindings(
  subjectId: string,
  consumer: string | null,
  moves: readonly Move[],
): readonly ReferenceBinding[] {
  if (consumer !== null)
    return moves.map(({ name, reference }) => ({ consumer, variable: name, reference, by: subjectId }));
  throw new UnsprawlError(
    "malformed",
    "the plan does not say which consumer the references belong to",
    "unsprawl plan again",
  );
}

/** Whether one of these consumers may use this reference in this variable. */
export function isBound(
  bindings: readonly ReferenceBinding[],
  consumers: readonly string[],
  variable: string,
  reference: string,
): boolean {
  return bindings.some(
    (one) => one.variable === variable && one.reference === reference && consumers.includes(one.consumer),
  );
}

/**
 * Adds bindings. Idempotent. Existing bindings keep their owner, unless a person now adds one that a run had added:
 * then it survives that run's rollback.
 */
export async function addBindings(home: string, added: readonly ReferenceBinding[]): Promise<void> {
  await change(home, (before) => {
    const kept = before.map((one) =>
      added.some((other) => other.by === null && isSameBinding(one, other)) ? { ...one, by: null } : one,
    );
    return [...kept, ...added.filter((one) => !before.some((other) => isSameBinding(one, other)))];
  });
}

/** Removes the matching bindings and returns them. */
export async function removeBindings(
  home: string,
  which: (binding: ReferenceBinding) => boolean,
): Promise<readonly ReferenceBinding[]> {
  if (!readBindings(home).some(which)) return [];
  let gone: readonly ReferenceBinding[] = [];
  await change(home, (before) => {
    gone = before.filter(which);
    return before.filter((one) => !which(one));
  });
  return gone;
}

async function change(
  home: string,
  next: (before: readonly ReferenceBinding[]) => readonly ReferenceBinding[],
): Promise<void> {
  const file = join(home, FILE);
  await withFileLock(file, async () => {
    await sweepTemps(file);
    const before = readBindings(home);
    const after = next(before);
    if (JSON.stringify(after) === JSON.stringify(before)) return;
    const text = `${JSON.stringify({ version: 1, bindings: after }, null, 2)}\n`;
    await atomicWrite(file, Buffer.from(text), { mode: 0o600 });
  });
}

/** Whether two allow the same, whoever added them. */
export function isSameBinding(a: ReferenceBinding, b: ReferenceBinding): boolean {
  return a.consumer === b.consumer && a.variable === b.variable && a.reference === b.reference;
}

function isBinding(from: unknown): from is ReferenceBinding {
  if (typeof from !== "object" || from === null) return false;
  const { consumer, variable, reference, by } = from as { [key: string]: unknown };
  return (
    [consumer, variable, reference].every((one) => typeof one === "string" && one !== "") &&
    (by === null || typeof by === "string")
  );
}
