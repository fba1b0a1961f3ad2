import { NO_VOLUMES_IN_SWARM, withoutVolumes } from "../../../src/engine/choose.ts";
import { noFit, type Delivery } from "../../../src/contract/delivery.ts";
import type { Selected } from "../../../src/contract/migration.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { specVariable, swarmOf } from "../../../src/engine/swarm.ts";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { Secret } from "../../../src/model/secret.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ComposeProject } from "../syntax/project.ts";
import type { ComposeConfig } from "./cli.ts";

const NAMESPACE = "com.docker.stack.namespace";

/**
 * The stack that `docker stack deploy` made of these files on this engine's swarm: one whose services have the names of
 * all of theirs. Null for none, and on an engine that manages no swarm.
 */
export async function stackOf(engine: Engine, { services }: ComposeProject): Promise<string | null> {
  if (!(await isManager(engine))) return null;
  const deployed = new Map<string, Set<string>>();
  for (const { Spec } of await (await swarmOf(engine)).services()) {
    const stack = Spec.Labels?.[NAMESPACE];
    if (stack === undefined || !Spec.Name.startsWith(`${stack}_`)) continue;
    const names = deployed.get(stack) ?? new Set();
    deployed.set(stack, names.add(Spec.Name.slice(stack.length + 1)));
  }
  const own = [...services.keys()];
  const found = [...deployed].filter(([, names]) => own.every((name) => names.has(name)));
  return found.length === 1 ? (found[0]?.[0] ?? null) : null;
}

async function isManager(engine: Engine): Promise<boolean> {
  const about = (await engine.info())["Swarm"] as { readonly ControlAvailable?: boolean } | undefined;
  return about?.ControlAvailable === true;
}

/** What `deploy:` says to a swarm alone: Compose prints each that is missing as empty. */
const FOR_SWARM = ["mode", "placement", "update_config", "rollback_config", "endpoint_mode", "labels"];

/** Whether these are files of a stack that this swarm does not run yet. */
export async function isNewStack(engine: Engine, { services }: ComposeConfig): Promise<boolean> {
  const isFilled = (value: unknown): boolean =>
    typeof value === "string" || (typeof value === "object" && value !== null && Object.keys(value).length > 0);
  const said = Object.values(services).map(({ deploy }) => (deploy ?? {}) as { readonly [key: string]: unknown });
  return said.some((deploy) => FOR_SWARM.some((key) => isFilled(deploy[key]))) && (await isManager(engine));
}

/** The command that deploys a stack from a project's files, in their order; `STACK` for one without a name yet. */
export function stackDeploy({ given }: Pick<ComposeProject, "given">, stack: string | null): string {
  const files = given.map((file) => cmd`-c ${file}`).join(" ");
  return cmd`docker stack deploy ${bare(files)} ${stack ?? bare("STACK")}`;
}

/**
 * Throws `Blocked` for variables whose deployed value is another one than the files give: `docker stack deploy` fills in
 * from its environment alone, and reads no `.env`.
 */
export async function mustBeDeployed(
  engine: Engine,
  project: Pick<ComposeProject, "given">,
  stack: string,
  service: string,
  selected: readonly Selected[],
): Promise<void> {
  const doc = await (await swarmOf(engine)).service(`${stack}_${service}`);
  for (const { move, value } of selected) {
    const deployed = specVariable(doc?.Spec.TaskTemplate, move.name);
    if (deployed === null || Secret.of(deployed).equals(value)) continue;
    throw new Blocked(
      `${stack}_${service} runs with a different value of ${move.name} than these files give it: docker stack deploy reads no .env`,
      cmd`${bare(stackDeploy(project, stack))} with that variable in the environment, then plan again`,
      (its, name) => its === service && name === move.name,
    );
  }
}

/** The deliveries as they serve a stack. */
export function inStack(deliveries: readonly Delivery[]): readonly Delivery[] {
  const why = "Swarm does not accept an OCI runtime from a stack file";
  const hint =
    "give its program the value as a file from `secrets:`, if it has an option for that, or take an image with a shell; then plan again";
  return withoutVolumes(deliveries, NO_VOLUMES_IN_SWARM).map((delivery) =>
    delivery.name === "runtime" ? { ...delivery, fits: async () => ({ ...noFit(why), hint }) } : delivery,
  );
}
