import type { Selected } from "../../../src/contract/migration.ts";
import { Blocked } from "../rewrite/blocked.ts";
import { withheldNote, type PassedEnvironment } from "./child.ts";
import type { ComposeConfig, ComposeForecast, ProjectCall } from "./cli.ts";
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
  { engine, call, before, foreseen, passed, writer }: Settling,
  service: string,
  selected: readonly Selected[],
  accept: ReadonlySet<string>,
): Promise<{ readonly docs: readonly ContainerDoc[]; readonly drift: boolean }> {
  const { own: docs, others } = await membersOf(engine, call, service);
  const again = cmd`docker compose --project-directory ${call.dir} up -d ${service}, then plan again`;
  if (others.length > 0)
    throw new UnsprawlError(
      "refused",
      `${others.map(nameOf).join(", ")} of the project ${call.name} was created from other files than ${call.files.join(", ")}`,
      cmd`unsprawl plan docker:${others.map(nameOf)[0] ?? ""} --to STORE plans it from its files; or give this project another name`,
    );
  const stranger = foreseen === null ? undefined : docs.find((doc) => isStranger(doc, foreseen));
  if (stranger !== undefined)
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
  if (drift) mayDrift(service);
  const environment = before.services[service]?.environment ?? {};
  for (const { move, value } of selected) {
    const text = environment[move.name];
    if (typeof text !== "string" || !value.equals(Secret.of(text.replaceAll("$$", "$"))))
      throw new UnsprawlError(
        "refused",
        `${move.name} of ${service} has a different value than its Compose files give it`,
        again,
      );
  }
  return { docs, drift };

  function mayDrift(of: string): void {
    if (!accept.has("drift"))
      throw new UnsprawlError(
        "refused",
        foreseen === null
          ? `Compose cannot tell whether the container of ${of} matches its files: recreating it may change more than the secret`
          : `the container of ${of} does not match its Compose files: recreating it would change more than the secret${withheldNote(passed)}`,
        cmd`${bare(again)}; or --accept drift`,
      );
    if (writer !== null)
      throw new UnsprawlError(
        "refused",
        `the container of ${of} does not match its Compose files, and the container ${writer} can write to them`,
        again,
      );
    // Hooks run inside the new container, with rights that inspect does not show.
    const { post_start, pre_stop } = before.services[of] ?? {};
    if (post_start !== undefined || pre_stop !== undefined)
      throw new UnsprawlError(
        "refused",
        `the container of ${of} does not match its Compose files, and they have hooks`,
        again,
      );
  }
}

/** Whether Compose would make another container in place of this one. */
function isStranger(doc: ContainerDoc, foreseen: ComposeForecast): boolean {
  const does = foreseen.get(nameOf(doc));
  return does === undefined ? doc.State.Status !== "created" : does === "create";
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
