import { noFit, type Delivery, type DeliverySubject } from "../../../src/contract/delivery.ts";
import { droppedByShell } from "../../../src/kit/shell-names.ts";
import type { Selected } from "../../../src/contract/migration.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { withheldNote, type PassedEnvironment } from "../engine/child.ts";
import { Blocked } from "../rewrite/blocked.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { dropLabels } from "../labels/index.ts";
import { has } from "./implied.ts";
import { hasNewWords, type Rewording } from "./rewording.ts";
import { isShellProgram } from "./reword.ts";

/**
 * Throws `Blocked` for a secret in a command that no variable of the project fills in, or whose variable the image has for
 * something else. `env` are the names of the container's variables.
 */
export function mustBeFilledIn(
  project: ComposeProject,
  service: string,
  selected: readonly Selected[],
  rewording: Rewording | null,
  env: readonly string[],
  passed: PassedEnvironment,
): void {
  for (const { move } of selected) {
    if (has(project, service, move.name)) continue;
    if (env.includes(move.name))
      throw new Blocked(
        `the image of ${service} sets ${move.name} itself, to a value that would then take effect`,
        `write \${…} with a variable of another name in its place, and its value into .env; docker compose up -d, then plan again`,
        (its, name) => its === service && name === move.name,
      );
    if (rewording?.names.has(move.name) === true) continue;
    if (move.location.where === "env")
      throw new Blocked(
        `Compose would give ${service} no ${move.name}${withheldNote(passed)}`,
        "write its value into the project's files or .env, then plan again",
        (its, name) => its === service && name === move.name,
      );
    const isCheck = move.location.where === "healthcheck";
    throw new Blocked(
      `is in the ${isCheck ? "health check" : "command"} of ${service}, as plain text or in a form that no variable can replace`,
      isCheck ? FOR_CHECK : FOR_COMMAND,
      (its, name) => its === service && name === move.name,
    );
  }
}

/** Throws `Blocked` where a shell would have to fill in the service's words and its image has none: no delivery helps. */
export async function mustHaveShell(
  service: string,
  subject: Pick<DeliverySubject, "hasFile">,
  rewording: Rewording | null,
): Promise<void> {
  if (rewording === null || !needsShell(rewording) || (await subject.hasFile("/bin/sh"))) return;
  const names = [...new Set([...rewording.sources.map(({ source }) => source), ...rewording.names])];
  throw new Blocked(
    `${names[0] ?? ""} is in the command or health check of ${service}, and its image has no shell to fill it in`,
    `remove it there if the program reads a variable or a file itself, as cloudflared reads TUNNEL_TOKEN and Portainer the password in --admin-password-file; docker compose up -d, then plan again`,
    (its) => its === service,
  );
}

const FOR_CHECK =
  "set it under environment, and write $$NAME in its place, with CMD-SHELL; docker compose up -d, then plan again";
const FOR_COMMAND =
  'set it under environment, and write the command as ["sh", "-c", "… $$NAME"]; docker compose up -d, then plan again';

type OriginalWords = Pick<DeliverySubject, "entrypoint" | "cmd" | "health">;

/** Deliveries as they fit a service whose words a shell fills in: it needs the variables before the entrypoint runs. */
export function forWords(
  deliveries: readonly Delivery[],
  rewording: Rewording | null,
  before: OriginalWords,
): readonly Delivery[] {
  if (rewording === null) return deliveries;
  const all = rewording.labels.length === 0 ? deliveries : deliveries.map(withFiles);
  if (!hasNewWords(rewording)) return all;
  if (!needsShell(rewording)) return all.filter(({ name }) => name === "file");
  const isMain = rewording.entrypoint !== null || rewording.command !== null;
  return all.map((delivery) => ({
    ...delivery,
    async fits(subject, moves) {
      if (delivery.name === "file" && isMain)
        return noFit("its command needs the value before the image's entrypoint runs");
      if (!(await subject.hasFile("/bin/sh")))
        return noFit("its command needs a shell to fill in the value, and the image has none");
      const dropped = addsShell(rewording, before) ? droppedByShell(subject.env) : null;
      if (dropped !== null) return noFit(dropped);
      return delivery.fits(subject, moves);
    },
  }));
}

/** Whether the new words have a shell where none ran before: the text of one that did may still name the variable. */
function addsShell({ entrypoint, command, health }: Rewording, before: OriginalWords): boolean {
  const isMain = entrypoint !== null || command !== null;
  const [kind, program = ""] = before.health;
  return (
    (isMain && !isShellProgram([...before.entrypoint, ...before.cmd][0] ?? "")) ||
    (health !== null && kind !== "CMD-SHELL" && !isShellProgram(program))
  );
}

/** A delivery as it fits a label that names a file. */
function withFiles(delivery: Delivery): Delivery {
  if (delivery.name !== "runtime") return delivery;
  return { ...delivery, fits: async () => noFit("a label names a file, and it writes none") };
}

/** Whether a shell fills in any of the words: not where an option of the program names a file. */
function needsShell({ entrypoint, command, health, byOption }: Rewording): boolean {
  return health !== null || ((entrypoint !== null || command !== null) && byOption.size === 0);
}

/** A container as it will be: without the words that are replaced. */
export function withoutWords(shown: ContainerDoc, rewording: Rewording | null): ContainerDoc {
  if (rewording === null) return shown;
  const doc = dropLabels(shown, rewording.labels);
  const { entrypoint, command, health } = rewording;
  const isMain = entrypoint !== null || command !== null;
  const { Config } = doc;
  const [Entrypoint, Cmd] = [entrypoint ?? Config.Entrypoint ?? null, command ?? Config.Cmd ?? null];
  const [Path = "", ...Args] = [...(Entrypoint ?? []), ...(Cmd ?? [])];
  return {
    ...doc,
    ...(isMain ? { Path, Args } : {}),
    Config: {
      ...Config,
      ...(isMain ? { Entrypoint, Cmd } : {}),
      ...(health === null ? {} : { Healthcheck: { ...Config.Healthcheck, Test: health } }),
    },
  };
}
