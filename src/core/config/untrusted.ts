import { UnsprawlError } from "../../model/error.ts";

/** What a project's file says and does not count, and why. */
export type Untrusted = {
  readonly file: string;
  /** `…/unsprawl.yaml is not trusted`, or whose hand may be in it. */
  readonly why: string;
  readonly hint: string;
  /** The settings that do not count, such as `stores.prod`. */
  readonly settings: readonly string[];
};

const SHOWN = 5;

/** One line that names them. */
export function untrustedText({ why, settings }: Untrusted): string {
  const more = settings.length > SHOWN ? ` and ${settings.length - SHOWN} more` : "";
  return `${why}: ${settings.slice(0, SHOWN).join(", ")}${more} ${settings.length === 1 ? "does" : "do"} not count`;
}

/** The names of a section's entries that do not count. */
export function untrustedIn(section: string, untrusted: Untrusted | null): readonly string[] {
  const start = `${section}.`;
  return (untrusted?.settings ?? []).flatMap((one) => (one.startsWith(start) ? [one.slice(start.length)] : []));
}

/** Throws `config` when one of these settings, or sections, is among those that do not count. */
export function mustBeTrusted(untrusted: Untrusted | null, ...wanted: readonly string[]): void {
  const found = untrusted?.settings.filter((one) => wanted.some((key) => one === key || one.startsWith(`${key}.`)));
  if (untrusted === null || found === undefined || found.length === 0) return;
  throw new UnsprawlError("config", untrustedText({ ...untrusted, settings: found }), untrusted.hint);
}
