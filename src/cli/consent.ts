import { otherSecretText, type OtherSecret } from "../core/other-secrets.ts";
import { OTHER_SECRETS } from "../core/render-command.ts";
import { printable } from "../kit/text/escape.ts";
import type { CommandContext, ParsedFlags } from "./context.ts";
import { say } from "./output.ts";
import { typedOnTerminal } from "./typed.ts";

/** Whether a consumer may have these, besides its own. */
export type Consent = (others: readonly OtherSecret[]) => Promise<boolean>;

/** A person's consent: given by the flag, and then reported, or typed where there is a terminal; each by name. */
export function consentTo(context: CommandContext, options: ParsedFlags, isAccepted: boolean): Consent {
  return async (others) => {
    const lines = others.map((one) => printable(otherSecretText(one)));
    if (!isAccepted) return typedOnTerminal(context, options, lines.join("\n"), OTHER_SECRETS);
    for (const line of lines) say(context, `accepted: ${line}`);
    return true;
  };
}
