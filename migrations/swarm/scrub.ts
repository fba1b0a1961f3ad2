import type { Work } from "../../src/contract/migration.ts";
import { taskHasSpec, specVariable, type TaskSpec } from "../../src/engine/swarm.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { fingerprint } from "../../src/model/fingerprint.ts";
import type { Step } from "../../src/model/plan.ts";
import { Secret } from "../../src/model/secret.ts";
import type { SwarmApplyInput } from "./perform.ts";
import { forgetTasks } from "./refuse.ts";

/**
 * Removes the values from the spec that the swarm keeps for a rollback, and the old tasks' containers on this node. The
 * engine has no call that removes an old task: tasks that still show a value are reported, with the commands that make
 * the swarm forget them.
 */
export async function scrubService(
  { engine, swarm, key }: SwarmApplyInput,
  step: Extract<Step, { kind: "recreate" }>,
  work: Work,
): Promise<string[]> {
  const { id, name } = step.subject;
  const doc = await swarm.service(id);
  if (doc === null) return [];
  const shows = (spec: TaskSpec): boolean =>
    step.moves.some((move) => {
      const value = specVariable(spec, move.name);
      return value !== null && fingerprint(Secret.of(value), key) === move.fingerprint;
    });
  const tasks = await swarm.tasks(id);
  if (!tasks.some((task) => taskHasSpec(task, doc.Spec) && task.Status.State === "running"))
    throw new UnsprawlError(
      "refused",
      `no task of ${name} runs, so what the swarm keeps for a rollback stays`,
      cmd`docker service ps ${name}; or: unsprawl rollback ${work.plan.id}`,
    );
  const removed: string[] = [];
  if (doc.PreviousSpec && shows(doc.PreviousSpec.TaskTemplate)) {
    // An update to the same spec replaces no task, and makes it the previous spec too.
    await swarm.update(doc, doc.Spec);
    removed.push(`the previous spec of ${name}`);
  }
  const old = tasks.filter(({ Spec }) => shows(Spec));
  for (const container of old.flatMap(({ Status }) => Status.ContainerStatus?.ContainerID ?? [])) {
    // A container that is still stopping is removed by the next scrub.
    if ((await engine.container(container))?.State.Running !== false) continue;
    const done = await engine.call(`remove ${container}`, async () => {
      await (await engine.docker()).getContainer(container).remove({ v: false, force: false });
      return true;
    });
    if (done === true) removed.push(`the container ${container.slice(0, 12)} of an old task`);
  }
  if (old.length > 0)
    work.say(
      `${old.length} old ${old.length > 1 ? "tasks" : "task"} of ${name} still show it: ${forgetTasks(name, await swarm.taskHistory())}`,
    );
  return removed;
}
