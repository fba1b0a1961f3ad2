import type { Engine } from "../engine/engine.ts";
import { nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { UnsprawlError } from "../model/error.ts";
import { containersOf, startAgain } from "./containers.ts";
import type { AgentTools, ServedConsumer } from "./tools.ts";

/** What an engine says of a container whose mount was not there. */
const NO_MOUNT = /bind source path does not exist|no such file or directory|not a directory|error mounting/i;

/**
 * Starts the containers that the engine could not start because their files were missing, as after a boot that lost the
 * index: those whose last start failed with that error and whose restart policy asks for them to run. One that a person
 * stopped has no such error and stays down. `said` holds what was said of each, so that it is not said again.
 */
export async function startFailed(
  engine: Engine,
  all: readonly ServedConsumer[],
  tools: AgentTools,
  said = new Map<string, string>(),
): Promise<void> {
  const listed = (await engine.containers()).filter(({ State }) => State === "exited" || State === "created");
  const ids = new Set(
    all.filter(({ files }) => files).flatMap((served) => containersOf(served, listed).map(({ Id }) => Id)),
  );
  for (const id of said.keys()) if (!ids.has(id)) said.delete(id);
  for (const id of ids) {
    const doc = await engine.container(id);
    if (doc === null || !couldNotStart(doc)) continue;
    const name = nameOf(doc);
    try {
      await startAgain(engine, id, name);
      said.delete(id);
      tools.told({ kind: "started", container: name });
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code === "unreachable") throw error;
      if (said.get(id) !== error.message) tools.told({ kind: "failed", what: name, error });
      said.set(id, error.message);
    }
  }
}

function couldNotStart({ State, HostConfig }: ContainerDoc): boolean {
  const policy = HostConfig.RestartPolicy?.Name ?? "";
  return !State.Running && policy !== "" && policy !== "no" && NO_MOUNT.test(State.Error ?? "");
}
