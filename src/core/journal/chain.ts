import * as v from "valibot";
import type { JsonObject } from "../../kit/json-object.ts";
import { isMap } from "../../kit/schema/index.ts";
import { cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { FingerprintKey } from "../../model/fingerprint.ts";
import { canonical, mac, macHolds } from "../../model/mac.ts";
import type { Plan } from "../../model/plan.ts";
import type { Receipt } from "../../model/receipt.ts";
import { mustReadForm } from "./form.ts";
import { isPlan } from "./plan-form.ts";

/** A journal as read: `length` is the size of its complete lines in bytes, `link` what the next line is chained to. */
export type Chain = {
  readonly plan: Plan;
  readonly receipts: readonly Receipt[];
  readonly length: number;
  readonly link: string;
};

/**
 * A receipt as a journal line including the newline, chained by its MAC to the previous line; the first line is chained
 * to the run's id.
 */
export function chainedLine(
  receipt: Receipt,
  link: string,
  key: FingerprintKey,
): { readonly line: string; readonly link: string } {
  const code = mac(`${link}\n${canonical(receipt)}`, "journal", key);
  return { line: `${JSON.stringify({ ...receipt, mac: code })}\n`, link: code };
}

/**
 * Parses a run's journal and checks that this installation wrote every line after the one before it. Text after the
 * last newline was torn by a crash and is ignored. Throws `malformed` if there is no complete line or a line is not
 * JSON, `refused` for a line that was changed, added, removed or moved, or has no MAC. Lines removed at the end go
 * unnoticed: the actual state is checked before any step is repeated.
 */
export function readChain(text: string, id: string, file: string, key: FingerprintKey): Chain {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const receipts: Receipt[] = [];
  let link = id;
  for (const line of whole.split("\n").slice(0, -1)) {
    const { mac: code, ...receipt } = parsed(line, id, file);
    if (receipts.length === 0) mustReadForm(receipt, id);
    if (!holds(code, `${link}\n`, receipt, key))
      throw (receipts.length === 0 ? unknown(code, receipt, id, key) : null) ?? journalChanged(id, file);
    if (!v.is(RECEIPT, receipt)) throw unreadable(id, file);
    receipts.push(receipt);
    link = code;
  }
  return { plan: planIn(receipts[0], id, file), receipts, length: Buffer.byteLength(whole), link };
}

/** A journal's unauthenticated content: anyone who can write the file may have written it. */
export type Unverified = Pick<Chain, "receipts"> & {
  /** Claims this version and this run's id; nothing else is checked. */
  readonly plan: unknown;
  readonly codes: "all" | "some" | "none";
};

/**
 * Parses a journal without checking its MACs. Only for uses where a forged journal does no harm. Throws `malformed`.
 */
export function readUnverified(text: string, id: string, file: string): Unverified {
  const whole = text.slice(0, text.lastIndexOf("\n") + 1);
  const lines = whole.split("\n").slice(0, -1);
  const read = lines.map((line) => parsed(line, id, file));
  mustReadForm(read[0] ?? {}, id);
  const coded = read.filter(({ mac: code }) => code !== undefined).length;
  const receipts = read.map(({ mac: _code, ...receipt }) => {
    if (v.is(RECEIPT, receipt)) return receipt;
    throw unreadable(id, file);
  });
  const plan = receipts[0]?.data["plan"];
  if (!v.is(SAYS, plan) || plan.id !== id) throw unreadable(id, file);
  return { plan, receipts, codes: coded === 0 ? "none" : coded === read.length ? "all" : "some" };
}

const SAYS = v.object({ version: v.literal(1), id: v.string() });
const RECEIPT: v.GenericSchema<Receipt> = v.object({
  at: v.string(),
  step: v.string(),
  state: v.picklist(["intent", "done", "failed", "undone"]),
  data: v.custom<Receipt["data"]>(isMap),
});

function planIn(first: Receipt | undefined, id: string, file: string): Plan {
  const plan = first?.data["plan"];
  if (!isPlan(plan) || plan.id !== id) throw unreadable(id, file);
  return plan;
}

function parsed(line: string, id: string, file: string): JsonObject {
  try {
    const found: unknown = JSON.parse(line);
    if (typeof found === "object" && found !== null) return { ...found };
  } catch {
    // The error is not quoted: it would contain part of the line.
  }
  throw unreadable(id, file);
}

function holds(code: unknown, link: string, receipt: JsonObject, key: FingerprintKey): code is string {
  try {
    return macHolds(code, link + canonical(receipt), "journal", key);
  } catch {
    return false; // nested too deeply to be one of ours
  }
}

/** The word of `--accept` for a journal without codes. */
export const UNSIGNED_JOURNAL = "unsigned-journal";

/** A fault of the whole journal, which explains more than a bad first line, or null. */
function unknown(code: unknown, receipt: JsonObject, id: string, key: FingerprintKey): UnsprawlError | null {
  if (code === undefined)
    return new UnsprawlError(
      "refused",
      `the journal of run ${id} carries no authentication codes: an earlier version of unsprawl wrote it, or they were removed`,
      cmd`unsprawl rollback ${id}, or resume or scrub: shows what the journal says and does nothing; with --accept ${UNSIGNED_JOURNAL} it does it`,
    );
  if (!v.is(NAMES_KEY, receipt) || receipt.data.plan.keyId === key.id) return null;
  return new UnsprawlError(
    "refused",
    `the journal of run ${id} was written under another fingerprint key`,
    "restore the key: by UNSPRAWL_FINGERPRINT_KEY_FILE, or in the state folder from a backup",
  );
}

const NAMES_KEY = v.object({ data: v.object({ plan: v.object({ keyId: v.string() }) }) });

export function journalChanged(id: string, file: string): UnsprawlError {
  return new UnsprawlError(
    "refused",
    `the journal of run ${id} has been changed since it was written, so unsprawl does not act on it`,
    cmd`put ${file} back from a backup; unsprawl runs lists the others`,
  );
}

function unreadable(id: string, file: string): UnsprawlError {
  return new UnsprawlError(
    "malformed",
    `the journal of run ${id} cannot be read`,
    cmd`look at ${file}; nothing was done before its first line was whole`,
  );
}
