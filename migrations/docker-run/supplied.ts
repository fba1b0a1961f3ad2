import type { DeliverySubject } from "../../src/contract/delivery.ts";
import type { FoundConsumers, Supplies } from "../../src/contract/supplies.ts";
import { labelledConsumers } from "../../src/engine/consumer-labels.ts";
import type { RunCommand } from "./syntax/shell-run.ts";

type RunFlag = RunCommand["flags"][number];

/** The `--mount` flags of a run line that bind a folder of the host. */
export function mountsIn({
  flags,
}: RunCommand): readonly { readonly flag: RunFlag; readonly source: string; readonly target: string }[] {
  return flags.flatMap((flag) => {
    if (flag.name !== "mount") return [];
    const part = (names: string): string => new RegExp(`(?:^|,)(?:${names})=([^,]*)`).exec(flag.value)?.[1] ?? "";
    return [{ flag, source: part("source|src"), target: part("target|dst|destination") }];
  });
}

/** The consumers that the labels and mounts of a run line describe. */
export function consumersOfLine(
  run: RunCommand,
  subject: string,
  mayHold: (folder: string) => boolean,
): FoundConsumers {
  const labels = Object.fromEntries(
    run.flags
      .filter(({ name }) => name === "label" || name === "l")
      .map(({ value }) => [value.split("=", 1)[0] ?? "", value.slice(value.indexOf("=") + 1)]),
  );
  const { consumers, faults } = labelledConsumers({ name: subject, labels, mounts: mountsIn(run) }, mayHold);
  return { consumers: consumers.map((one) => ({ ...one, id: lineConsumer(subject) })), faults };
}

/** A run line's container in the index: its files are needed even if it does not exist yet. */
export const lineConsumer = (subject: string): string => `docker-run:${subject}`;

/** What an earlier migration of this line delivers to its container. */
export function suppliedIn(
  run: RunCommand,
  subject: string,
  supplies: Supplies,
): NonNullable<DeliverySubject["supplied"]> {
  const { consumers } = consumersOfLine(run, subject, (folder) => supplies.mayHold(folder));
  const known = supplies.index.read();
  return consumers.map((consumer) => ({
    consumer: { ...consumer, stores: known.find(({ folder }) => folder === consumer.folder)?.stores ?? [] },
    target: mountsIn(run).find(({ source }) => source === consumer.folder)?.target ?? "",
  }));
}
