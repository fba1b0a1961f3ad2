import type { ChannelConfig } from "../../contract/channel.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { CHANGE_KINDS } from "../../model/change.ts";
import { UnsprawlError } from "../../model/error.ts";
import { CONFIDENCES, SEVERITIES } from "../../model/finding.ts";
import type { Json } from "../../model/json.ts";
import { nearest } from "../../kit/text/nearest.ts";
import { mapOf, textsOf } from "./shape.ts";

/** What may stand in every entry of `notify:`, with what it is for; each kind of channel has keys of its own besides. */
export const NOTIFY_KEYS = {
  kind: "webhook, slack, smtp, command or otlp",
  on: "which changes are told: new, back, regressed, gone; all but gone when it is not given",
  minSeverity: "only changes of this severity and above: low, medium, high or critical",
  minConfidence: "only changes of this confidence and above: low, medium or high",
} as const;

/** Reads `notify:` of one configuration file; a channel's own keys are read when it is opened. Throws `config` naming file and key. */
export function readNotify(given: unknown, file: string, dir: string): ReadonlyMap<string, ChannelConfig> {
  return new Map(
    Object.entries(mapOf(given ?? {}, file, "notify")).map(([name, entry]) => {
      const at = `notify.${name}`;
      const { kind, on, minSeverity, minConfidence, ...keys } = mapOf(entry, file, at);
      if (typeof kind !== "string")
        throw new UnsprawlError("config", `${file}: ${at} has no kind`, cmd`add kind: ${bare(NOTIFY_KEYS.kind)}`);
      const wanted = {
        on:
          on === undefined
            ? ON
            : textsOf(on, file, `${at}.on`).map((one) => oneOf(one, CHANGE_KINDS, file, `${at}.on`)),
        minSeverity: minSeverity === undefined ? null : oneOf(minSeverity, SEVERITIES, file, `${at}.minSeverity`),
        minConfidence:
          minConfidence === undefined ? null : oneOf(minConfidence, CONFIDENCES, file, `${at}.minConfidence`),
      };
      if (wanted.on.length === 0) throw new UnsprawlError("config", `${file}: ${at}.on names nothing`, "take it away");
      return [name, { kind, dir, keys: keys as { [key: string]: Json }, wanted }] as const;
    }),
  );
}

const ON = ["new", "back", "regressed"] as const;

function oneOf<T extends string>(value: unknown, known: readonly T[], file: string, what: string): T {
  const found = known.find((one) => one === value);
  if (found !== undefined) return found;
  const near = typeof value === "string" ? nearest(value, known) : null;
  throw new UnsprawlError(
    "config",
    `${file}: ${what} must be one of ${known.join(", ")}`,
    near === null ? null : cmd`did you mean ${near}?`,
  );
}
