import { UnsprawlError } from "../../model/error.ts";

/** The ignored settings of an untrusted project file, and why they are ignored. */
export type Untrusted = {
  readonly file: string;
  /** `…/unsprawl.yaml is not trusted`, or who else can write to it. */
  readonly why: string;
  readonly hint: string;
  /** The ignored settings, such as `stores.prod`. */
  readonly settings: readonly string[];
};

const SHOWN = 5;

/** One line that lists them. */
export function untrustedText({ why, settings }: Untrusted): string {
  const more = settings.length > SHOWN ? ` and ${settings.length - SHOWN} more` : "";
  return `${why}: ${settings.slice(0, SHOWN).join(", ")}${more} ${settings.length === 1 ? "does" : "do"} not apply`;
}

/** The names of a section's ignored entries. */
export function untrustedIn(section: string, untrusted: Untrusted | null): readonly string[] {
  const start = `${section}.`;
  return (untrusted?.settings ?? []).flatMap((one) => (one.startsWith(start) ? [one.slice(start.length)] : []));
}

/** Throws `config` if one of these settings or sections is ignored. */
export function mustBeTrusted(untrusted: Untrusted | null, ...wanted: readonly string[]): void {
  const found = untrusted?.settings.filter((one) => wanted.some((key) => one === key || one.startsWith(`${key}.`)));
  if (untrusted === null || found === undefined || found.length === 0) return;
  throw new UnsprawlError("config", untrustedText({ ...untrusted, settings: found }), untrusted.hint);
}
