import * as v from "valibot";
import type { ChannelConfig } from "../../contract/channel.ts";
import { map, may, oneOf, parse, says } from "../../kit/schema/index.ts";
import { CONFIDENCES, SEVERITIES } from "../../model/finding.ts";
import type { Json } from "../../model/json.ts";
import { NOTICE_KINDS } from "../../model/notice.ts";

const NOTHING = says("is empty", "remove it");

/** The keys common to every entry of `notify:`; each kind of channel adds its own. */
export const OUTLET_ENTRIES = {
  on: may(
    "which changes are sent: new, back, regressed, gone, and agent for what the agent does (default: all but gone)",
    v.pipe(v.array(oneOf(NOTICE_KINDS), says("must be a list of texts", "on: [new, gone]")), v.nonEmpty(NOTHING)),
  ),
  minSeverity: may("only changes of this severity and above: low, medium, high or critical", oneOf(SEVERITIES)),
  minConfidence: may("only changes of this confidence and above: low, medium or high", oneOf(CONFIDENCES)),
};

const WANTED = map(
  { kind: v.string(says("{in} has no kind", "add kind: webhook, slack, smtp, command or otlp")), ...OUTLET_ENTRIES },
  undefined,
  { kind: says("{in} has no kind", "add kind: webhook, slack, smtp, command or otlp") },
);
const ON = ["new", "back", "regressed", "agent"] as const;

/** The channels of a file in `dir`. A channel's own keys are validated when it is opened. Throws `config`. */
export function readNotify(
  given: { readonly [name: string]: { readonly [key: string]: unknown } } | null | undefined,
  file: string,
  dir: string,
): ReadonlyMap<string, ChannelConfig> {
  return new Map(
    Object.entries(given ?? {}).map(([name, entry]) => {
      const isOwn = ([key]: readonly [string, unknown]): boolean => key !== "kind" && !(key in OUTLET_ENTRIES);
      const { true: own = [], false: shared = [] } = Object.groupBy(Object.entries(entry), (one) => `${isOwn(one)}`);
      const {
        kind,
        on = ON,
        minSeverity = null,
        minConfidence = null,
      } = parse(WANTED, Object.fromEntries(shared), file, `notify.${name}`);
      const keys = Object.fromEntries(own) as { [key: string]: Json };
      return [name, { kind, dir, keys, wanted: { on, minSeverity, minConfidence } }] as const;
    }),
  );
}
