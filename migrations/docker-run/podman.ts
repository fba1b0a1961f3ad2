import type { PlanOptions } from "../../src/contract/migration.ts";
import { ODD_NAME } from "../../src/engine/choose.ts";
import { makePodmanSecret } from "../../src/files/podman-secret.ts";
import { isFileName } from "../../src/kit/io/name.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Move } from "../../src/model/plan.ts";
import { runName } from "./syntax/run-names.ts";
import type { RunCommand } from "./syntax/shell-run.ts";
import type { ChosenLine } from "./chosen.ts";

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
