import { STEPS_WITHOUT_AGENT } from "./agent-state.ts";
import { containerOf, type Consumer } from "../model/consumer.ts";
import { inSteps, type DoctorCheck } from "./doctor.ts";
import { renderCommand } from "./render-command.ts";

/** Who a consumer is, for people: the container's name, else its id. */
export const consumerName = (consumer: Pick<Consumer, "id">): string => containerOf(consumer) ?? consumer.id;

/** Folders of consumers whose run configuration says what they need, and which this host's index has not. */
type UnknownFolders = { readonly unindexed: ReadonlySet<string>; readonly unserved: ReadonlySet<string> };

/**
 * Whether applications of this host have the files that they mount, and will have them after a reboot. `isThere` looks
 * for one.
 */
export function consumerChecks(
  consumers: readonly Consumer[],
  isThere: (folder: string, name: string) => boolean,
  { unindexed, unserved }: UnknownFolders,
): DoctorCheck[] {
  const name = "files";
  if (consumers.length === 0)
    return [{ name, state: "ok", text: "no application of this host gets values as files", hint: null }];
  const lacking = consumers.flatMap((consumer): DoctorCheck[] => {
    const missing = consumer.values.filter((value) => !isThere(consumer.folder, value.name));
    if (missing.length === 0 && unserved.has(consumer.folder)) {
      const text = `${consumerName(consumer)}: the index of this host does not have it: after a reboot the agent will not write its files`;
      return [{ name, state: "warn", text, hint: renderCommand(consumer) }];
    }
    if (missing.length === 0) return [];
    const files = `${missing.length} of ${some(consumer.values.length, "file")}`;
    const text = `${consumerName(consumer)}: ${files} missing in ${consumer.folder}: it cannot start again`;
    const isNamed = containerOf(consumer) !== null || unindexed.has(consumer.folder);
    const hint = isNamed ? renderCommand(consumer) : "unsprawl render --all";
    return [{ name, state: "fail", text, hint }];
  });
  const gone = consumers.filter(({ folder, values }) => values.some((value) => !isThere(folder, value.name)));
  if (gone.length > MOST_ALONE) {
    const shown = gone.slice(0, MOST_ALONE).map(consumerName).join(", ");
    const text = `${gone.length} applications lack files and cannot start again: ${shown} and ${gone.length - MOST_ALONE} more`;
    // What the index does not have is named one by one.
    const next = gone.map((one) => (unindexed.has(one.folder) ? renderCommand(one) : "unsprawl render --all"));
    return [
      { name, state: "fail", text, ...inSteps(...new Set(next)) },
      ...lacking.filter(({ state }) => state !== "fail"),
    ];
  }
  if (lacking.length > 0) return lacking;
  const count = consumers.reduce((sum, { values }) => sum + values.length, 0);
  const text = `${some(consumers.length, "application")} of this host ${consumers.length === 1 ? "has its" : "have their"} ${some(count, "file")}`;
  return [{ name, state: "ok", text, hint: null }];
}

/** More applications without their files than this share a line: after a reboot none has them. */
const MOST_ALONE = 3;

/** Whether something writes these files again at boot. */
export function agentCheck(consumers: readonly Consumer[], isInstalled: boolean): DoctorCheck {
  const name = "agent";
  if (isInstalled) return { name, state: "ok", text: "writes the files at boot and when a value changes", hint: null };
  if (consumers.length === 0) return { name, state: "ok", text: "not installed, and nothing needs it", hint: null };
  const who = consumers.length === 1 ? "1 application does" : `${consumers.length} applications do`;
  return {
    ...{ name, state: "warn" },
    text: `not installed: after a reboot ${who} not start until ${consumers.length === 1 ? "its" : "their"} files are written again`,
    ...inSteps(...STEPS_WITHOUT_AGENT),
  };
}

const some = (count: number, what: string): string => `${count} ${what}${count === 1 ? "" : "s"}`;
