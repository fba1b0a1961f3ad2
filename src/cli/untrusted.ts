import type { Config } from "../core/config/config.ts";
import { untrustedIn, untrustedText, type Untrusted } from "../core/config/untrusted.ts";
import { UnsprawlError } from "../model/error.ts";
import type { CliContext } from "./context.ts";
import { say } from "./output.ts";

/** One line about what does not count in the project's file; null if JSON has it as a note. */
export function sayUntrusted(context: CliContext, untrusted: Untrusted | null): void {
  if (untrusted !== null && !context.json)
    say(context, `warning: ${untrustedText(untrusted)}; next: ${untrusted.hint}`);
}

/** The error for a scan without the project's rules: they may find more. Null if they count. */
export function rulesMissing(untrusted: Untrusted | null): UnsprawlError | null {
  if (untrusted === null || !untrustedIn("rules", untrusted).includes("files")) return null;
  return new UnsprawlError("config", untrustedText({ ...untrusted, settings: ["rules.files"] }), untrusted.hint);
}

/** For `doctor`. Throws `config` if part of the project's file does not count. */
export function configurationLine({ untrusted }: Config): string {
  if (untrusted !== null) throw new UnsprawlError("config", untrustedText(untrusted), untrusted.hint);
  return "all of its settings are in effect";
}
