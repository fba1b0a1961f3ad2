import { cmd } from "../kit/shell.ts";
import { containerOf, type Consumer } from "../model/consumer.ts";

/** The word of `--accept` for references that are not the consumer's own. */
export const OTHER_SECRETS = "other-secrets";

/** What a person types to give a consumer the values that it asks for. */
export function renderCommand(consumer: Consumer): string {
  const container = containerOf(consumer);
  if (container !== null) return cmd`unsprawl render docker:${container}`;
  const { origin, also = [] } = consumer;
  return cmd`unsprawl render compose:${[origin ?? "FILE", ...also].join(":")}`;
}
