import type { Selected } from "../../../src/contract/migration.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { withheldNote, type PassedEnvironment } from "./child.ts";
import type { ComposeCli, ComposeConfig, ComposeForecast, ProjectCall } from "./cli.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import { nameOf } from "../../../src/engine/names.ts";
import type { ContainerDoc } from "../../../src/engine/types.ts";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { UnsprawlError } from "../../../src/model/error.ts";
import { Secret } from "../../../src/model/secret.ts";
import { membersOf } from "../find.ts";

/** The state of a project before its services are planned. */
export type Settling = {
  readonly engine: Engine;
  readonly cli: Pick<ComposeCli, "counted">;
  readonly call: ProjectCall;
  readonly before: ComposeConfig;
  readonly foreseen: ComposeForecast | null;
  readonly passed: PassedEnvironment;
  /** A container that can write to the project's files; null if none can. */
  readonly writer: string | null;
};

/**
 * The service's containers, if they match the files and have the values to migrate. `drift`: they do not match, and
 * that was accepted. Throws `refused`.
 */
export async function matchingContainers(
  settling: Settling,
  service: string,
  selected: readonly Selected[],
  accept: ReadonlySet<string>,
): Promise<{ readonly docs: readonly ContainerDoc[]; readonly drift: boolean }> {
  const { engine, call, before, foreseen } = settling;
  const { own: docs, others } = await membersOf(engine, call, service);
  const again = upAgain(settling, service);
  if (others.length > 0)
    throw new UnsprawlError(
      "refused",
      `${others.map(nameOf).join(", ")} of the project ${call.name} was created from other files than ${call.files.join(", ")}`,
      cmd`unsprawl plan docker:${others.map(nameOf)[0] ?? ""} --to STORE plans it from its files; or give this project another name`,
    );
  const stranger = await strangerAmong(docs, service, settling);
  if (stranger !== null)
    throw new UnsprawlError(
      "refused",
      `Compose does not count ${nameOf(stranger)} among the containers of ${service}`,
      again,
    );
  if (docs.length > 0 && before.services[service]?.["post_start"] !== undefined)
    throw new UnsprawlError(
      "refused",
      `${service} has post_start hooks: Compose would read its files again to run them`,
      "move the secrets of this service by hand",
    );
  const drift = docs.length > 0 && (foreseen === null || docs.some((doc) => foreseen.get(nameOf(doc)) === "recreate"));
  if (drift) mayDrift(settling, service, accept);
  mustHaveValues(settling, service, selected, docs.length > 0);
  return { docs, drift };
}

/** What brings a service to what its files say. */
const upAgain = ({ call }: Settling, service: string): string =>
  cmd`docker compose --project-directory ${call.dir} up -d ${service}, then plan again`;

/** Throws `refused` unless a container that does not match its files may be recreated from them. */
function mayDrift(settling: Settling, service: string, accept: ReadonlySet<string>): void {
  const { before, foreseen, passed, writer } = settling;
  const again = upAgain(settling, service);
  if (!accept.has("drift"))
    throw new UnsprawlError(
      "refused",
      foreseen === null
        ? `Compose cannot tell whether the container of ${service} matches its files: recreating it may change more than the secret`
        : `the container of ${service} does not match its Compose files: recreating it would change more than the secret${withheldNote(passed)}`,
      cmd`${bare(again)}; or --accept drift`,
    );
  if (writer !== null)
    throw new UnsprawlError(
      "refused",
      `the container of ${service} does not match its Compose files, and the container ${writer} can write to them`,
      again,
    );
  // Hooks run inside the new container, with rights that inspect does not show.
  const { post_start, pre_stop } = before.services[service] ?? {};
  if (post_start !== undefined || pre_stop !== undefined)
    throw new UnsprawlError(
      "refused",
      `the container of ${service} does not match its Compose files, and they have hooks`,
      again,
    );
}

/** Throws `refused` if Compose would give a service another value than the one that moves. */
function mustHaveValues(
  settling: Settling,
  service: string,
  selected: readonly Selected[],
  hasContainers: boolean,
): void {
  const { call, before, passed } = settling;
  const environment = before.services[service]?.environment ?? {};
  for (const { move, value } of selected) {
    const text = environment[move.name];
    if (typeof text === "string" && value.equals(Secret.of(text.replaceAll("$$", "$")))) continue;
    if (hasContainers)
      throw new UnsprawlError(
        "refused",
        `${move.name} of ${service} has a different value than its Compose files give it`,
        upAgain(settling, service),
      );
    throw new UnsprawlError(
      "refused",
      typeof text === "string"
        ? `Compose would give ${service} another ${move.name} than the scan read${withheldNote(passed)}`
        : `Compose would give ${service} no ${move.name}${withheldNote(passed)}`,
      cmd`cd ${call.dir} && docker compose config ${service} shows what Compose reads`,
    );
  }
}

/** A container in whose place Compose would make another one; null for none. */
async function strangerAmong(
  docs: readonly ContainerDoc[],
  service: string,
  { cli, call, foreseen }: Settling,
): Promise<ContainerDoc | null> {
  if (foreseen === null) return null;
  const made = docs.find((doc) => foreseen.get(nameOf(doc)) === "create");
  const unnamed = docs.filter((doc) => !foreseen.has(nameOf(doc)) && doc.State.Status !== "created");
  if (made !== undefined || unnamed.length === 0) return made ?? null;
  // A forecast says nothing of one that is between two restarts, which may be another moment than `docs` are of.
  const counted = await cli.counted(call, service);
  return unnamed.find(({ Id }) => !counted.has(Id)) ?? null;
}

/** Throws `Blocked` for a project in which Compose would run programs on this host. */
export function mustRunNothing({ services }: ComposeConfig): void {
  const found = Object.entries(services).find(([, service]) => (service["provider"] ?? null) !== null);
  if (found === undefined) return;
  const [name] = found;
  throw new Blocked(
    `${name} has a provider, a program of this host that Compose runs`,
    "move the secrets of this project by hand",
    () => true,
  );
}
