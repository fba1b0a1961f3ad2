/*
 * Asks vendors and databases whether a secret is alive, by a call that changes nothing. It sends the secret to its
 * issuer, so only `--verify` comes here.
 */
import { questionFor } from "./vendor.ts";
import { UNTOLD, VENDORS, vendorOf } from "./vendors/index.ts";
import { isDatabase, loginFor } from "./database.ts";
import { reveal } from "./reveal.ts";
import { unknown, type Liveness, type VerifyRequest, type Verifiable, type VerifyOptions } from "./types.ts";
import { askSafely, runAll } from "./run-all.ts";

export type { Liveness, Verifiable, VerifyOptions } from "./types.ts";

/** The names that `VerifyOptions.endpoints` knows. */
export const ENDPOINTS: readonly string[] = VENDORS.map(({ id }) => id);

/**
 * Optional liveness: asks a secret's issuer whether it still opens anything. One harmless question each, to the
 * vendor's server or to the host in the secret's configuration; nothing is changed by it. Never rejects.
 */
export async function verify(item: Verifiable, options: VerifyOptions, signal: AbortSignal): Promise<Liveness> {
  const question = questionOf(item, options);
  return "ask" in question ? askSafely(question, options, signal) : question;
}

/**
 * The same for many, answers in the items' order. What would be asked twice is asked once, with at most
 * `options.concurrency` questions under way and two at one host. When `signal` aborts, the rest are "interrupted".
 */
export async function verifyAll(
  items: readonly Verifiable[],
  options: VerifyOptions,
  signal: AbortSignal,
  told: (done: number, total: number) => void,
): Promise<readonly Liveness[]> {
  return runAll(
    items.map((item) => questionOf(item, options)),
    options,
    signal,
    told,
  );
}

/** Whether there is a check for this kind of secret at all; what it needs beside it may still be missing. */
export function verifiable({ rule, name, part, value }: Omit<Verifiable, "beside">): boolean {
  const [text, whole] = [reveal(part), reveal(value)];
  if (text === null || whole === null) return false;
  return isDatabase({ name, part: text, value: whole }) || vendorOf(rule, { part: text, name }) !== null;
}

function questionOf(item: Verifiable, options: VerifyOptions): VerifyRequest | Liveness {
  const { rule, name, local = false } = item;
  const [part, value] = [reveal(item.part), reveal(item.value)];
  if (part === null || value === null || part === "") return unknown("is not text that could be sent");
  const beside = (names: RegExp): string | null => {
    const other = item.beside(names);
    return other === null ? null : reveal(other);
  };
  const given = { name, part, value };
  if (isDatabase(given)) return loginFor({ ...given, beside, local });
  const vendor = vendorOf(rule, given);
  if (vendor === null) return unknown(UNTOLD[rule] ?? "there is no check for this kind of secret");
  return questionFor(vendor, { part, name, beside }, options);
}
