import type { PlanOptions } from "../../src/contract/migration.ts";
import { ODD_NAME, type ChosenDelivery } from "../../src/engine/choose.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { isFileName } from "../../src/kit/io/name.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Move, DeliveryName } from "../../src/model/plan.ts";
import { runName } from "./syntax/run-names.ts";
import type { RunCommand } from "./syntax/shell-run.ts";
import type { Owner } from "../../src/contract/delivery.ts";
import type { RunLineChange } from "./rewrite.ts";

export type Chosen = RunLineChange & {
  /** Null for podman, which has its own secrets. */
  readonly delivery: DeliveryName | null;
  readonly why: string;
  readonly owner: Owner | null;
  /** Its container's identity for the OCI runtime; null if the line gives it no name. */
  readonly consumer: string | null;
  /** The name of its files on this host. */
  readonly id: string;
};

export type ChosenLine = { readonly line: Chosen; readonly left: ChosenDelivery["left"] };

/** How the container of a `podman run` line gets its values: by Podman's own secrets. */
export function byPodman(subject: string, run: RunCommand, all: readonly Move[], { deliver }: PlanOptions): ChosenLine {
  if (deliver !== "auto")
    throw new UnsprawlError("refused", "a podman container gets its secrets from podman", "--deliver auto");
  const called = (runName(run) ?? subject).replaceAll(/[^\w.-]+/g, "-").replace(/^[^A-Za-z0-9]+/, "");
  const moves = all.filter(({ name }) => isFileName(name));
  if (moves.length === 0) throw new UnsprawlError("refused", `${subject}: ${ODD_NAME.reason}`, ODD_NAME.hint);
  const secrets = Object.fromEntries(moves.map(({ name }) => [name, `${called}-${name}`]));
  const line: ChosenLine["line"] = {
    ...{ subject, delivery: null, owner: null, consumer: null, id: "", secrets, command: [] },
    why: "podman puts its secret into the environment when the container starts, and masks it in inspect",
    change: { unset: [], set: [], mounts: [], entrypointPrefix: null, healthcheckPrefix: null, runtime: null },
    warnings: [
      ...moves.map(
        ({ name, reference }) =>
          cmd`before the line runs again, as the user who runs it: ${bare(makePodmanSecret(reference, secrets[name] ?? ""))}`,
      ),
      "a container that the line already created shows the values until it is recreated",
    ],
  };
  return { line, left: new Set(all.filter((move) => !moves.includes(move))) };
}
