import type { ReferenceHolder } from "../contract/reference-holder.ts";
import type { RotationLogin, RotationTarget, RotatorAbout } from "../contract/rotator.ts";
import type { Engine } from "../engine/engine.ts";
import { plainVariable, variableText } from "../engine/facts.ts";
import { keptByRun, nameOf } from "../engine/names.ts";
import type { ContainerDoc } from "../engine/types.ts";
import { isLoopback, reachesThisMachine } from "../kit/net/outgoing.ts";
import { bare, cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Location } from "../model/location.ts";
import type { RotatingLogin } from "../model/rotating-login.ts";
import type { Move } from "../model/plan.ts";
import type { StoredEntry } from "./types.ts";

/** For a server that cannot be asked from here. */
export const BY_HAND =
  "change it where it is checked; then unsprawl rotate --only NAME --value-from FILE does the rest";

/** The target as it is reached from this process, and the container that it is in; null for a server that is in none. */
export type ReachedTarget = { readonly target: RotationTarget; readonly server: ContainerDoc | null };

/**
 * Finds the server that a container knows by a name of its networks, and the address at which this host reaches it. Throws
 * `refused` where only the engine's host reaches it.
 */
export function reachedFrom(
  engine: Engine,
  target: RotationTarget,
  from: ContainerDoc | null,
  all: readonly ContainerDoc[],
): ReachedTarget {
  const { at } = target;
  if (at === null) return { target, server: null };
  const server = from === null ? null : isLoopback(at.host) ? sameNetwork(from, all) : byName(at.host, from, all);
  if (server === null || from === null) {
    const isOnHost = from?.HostConfig.NetworkMode === "host" && engine.connection.via === "unix";
    if (!isOnHost && isNamedFromElsewhere(target))
      throw new UnsprawlError(
        "refused",
        `no running container is known as ${at.host} where it is used, and from here that name means another host`,
        cmd`start its server, then unsprawl rotate again; or ${bare(BY_HAND)}`,
      );
    return { target, server: null };
  }
  const host = server.HostConfig.NetworkMode === "host" ? "127.0.0.1" : addressIn(server, from);
  if (engine.connection.via !== "unix" || host === null)
    throw new UnsprawlError(
      "refused",
      `its server is the container ${nameOf(server)}, which cannot be reached from here`,
      "unsprawl rotate on the engine's own host",
    );
  return { target: { ...target, at: { ...at, host } }, server };
}

/** Whether a target's host means another one to whoever uses it: a machine's own address, or a name without a domain. */
export const isNamedFromElsewhere = ({ at }: RotationTarget): boolean =>
  at !== null && (reachesThisMachine(at.host) || !/[.:]/.test(at.host));

/** The container whose network a container is in: its own, or one that it shares. */
function sameNetwork(from: ContainerDoc, all: readonly ContainerDoc[]): ContainerDoc | null {
  const mode = from.HostConfig.NetworkMode ?? "";
  if (mode === "host") return null;
  const [, other = ""] = /^container:(.+)$/.exec(mode) ?? [];
  return other === "" ? from : (all.find(({ Id }) => Id === other) ?? null);
}

/** The running container that has this name in a network of the other one. Throws `refused` if several have it. */
function byName(host: string, from: ContainerDoc, all: readonly ContainerDoc[]): ContainerDoc | null {
  // There the engine resolves no names: what another container of the host's network is called means nothing.
  if (from.HostConfig.NetworkMode === "host") return null;
  const networks = new Set(Object.keys(from.NetworkSettings?.Networks ?? {}));
  const isCalled = (doc: ContainerDoc): boolean =>
    Object.entries(doc.NetworkSettings?.Networks ?? {}).some(
      ([network, { Aliases }]) => networks.has(network) && (nameOf(doc) === host || (Aliases ?? []).includes(host)),
    );
  const [first, second] = all.filter((doc) => keptByRun(nameOf(doc)) === null && doc.State.Running && isCalled(doc));
  if (first === undefined || second === undefined) return first ?? null;
  throw new UnsprawlError(
    "refused",
    `two containers are known as ${host} where it is used: ${nameOf(first)} and ${nameOf(second)}`,
    "unsprawl rotate again once one of them has the name",
  );
}

function addressIn(server: ContainerDoc, from: ContainerDoc): string | null {
  const own = Object.entries(server.NetworkSettings?.Networks ?? {});
  const shared = own.find(([network]) => network in (from.NetworkSettings?.Networks ?? {})) ?? own[0];
  const address = shared?.[1]["IPAddress"];
  return typeof address === "string" && address !== "" ? address : null;
}

/** The target at the address that its container has now: the planned one may be another container's by now. */
export function reachedNow(
  target: RotationTarget,
  name: string,
  server: ContainerDoc | null,
  from: ContainerDoc | null,
): RotationTarget {
  const { at } = target;
  if (at === null) return target;
  const own = Object.values(server?.NetworkSettings?.Networks ?? {}).map((one) => one["IPAddress"]);
  if (server?.State.Running === true && own.includes(at.host)) return target;
  const isOnHost = server?.HostConfig.NetworkMode === "host";
  const host = server === null ? null : isOnHost ? "127.0.0.1" : addressIn(server, from ?? server);
  if (server?.State.Running !== true || host === null)
    throw new UnsprawlError(
      "unreachable",
      `its server, the container ${name}, is not running`,
      cmd`docker start ${name}`,
    );
  return { ...target, at: { ...at, host } };
}

/** The login that a server's image was started with, where it may change others; null if its container says none. */
export function firstInitLogin(
  server: ContainerDoc | null,
  about: RotatorAbout,
): Extract<RotatingLogin, { kind: "first-init" }> | null {
  // At an address of the host, its port may be anybody's.
  if (server === null || server.HostConfig.NetworkMode === "host") return null;
  const repository = repositoryOf(server.Config.Image ?? "");
  const image = about.images.find(({ repositories }) =>
    repositories.some((one) => repository === one || repository.endsWith(`/${one}`)),
  );
  for (const { variable, login, administers } of image?.firstInit ?? []) {
    if (!administers) continue;
    const named = login.variable === null ? null : variableText(server, login.variable);
    const user = named ?? login.otherwise;
    if (user !== "") return { kind: "first-init", container: nameOf(server), variable, user };
  }
  return null;
}

const repositoryOf = (image: string): string => {
  const [named = ""] = image.split("@", 1);
  const tag = named.lastIndexOf(":");
  return tag > named.lastIndexOf("/") ? named.slice(0, tag) : named;
};

/**
 * The administrator's login, with the password from its container's variable or from the store; null if neither has it. An
 * entry counts only if the container holds it, and it was moved from there: labels alone are a stranger's word. A service of
 * Compose is known by its labels, so its container must mount the value.
 */
export function administratorLogin(
  login: RotatingLogin,
  docs: readonly ContainerDoc[],
  entries: readonly StoredEntry[],
  holders: readonly ReferenceHolder[],
): RotationLogin | null {
  if (login.kind === "owner") return null;
  const { container, variable, user } = login;
  const doc = docs.find((one) => nameOf(one) === container);
  const plain = doc === undefined ? null : plainVariable(doc, variable);
  const own = holders.filter(({ name }) => name === container);
  const holds = ({ location, reference }: Move): boolean =>
    own.some(({ references, mounted = [] }) => (isComposed(location) ? mounted : references).includes(reference));
  const moved = entries.find(
    ({ move }) => move.name === variable && holds(move) && doc !== undefined && isOf(move.location, doc),
  );
  // Whoever may label a container can copy both its service's name and the reference: of two, nothing says which it is.
  const claims = (one: ReferenceHolder): boolean =>
    one.name !== container && moved !== undefined && one.references.includes(moved.move.reference);
  const isClaimed = docs.some(
    (one) =>
      moved !== undefined &&
      isOf(moved.move.location, one) &&
      holders.some((by) => by.name === nameOf(one) && claims(by)),
  );
  const secret = plain ?? (isClaimed ? null : moved?.value) ?? null;
  return secret === null ? null : { user, secret };
}

/** Whether a moved value's subject is this container: itself, or its Compose service. */
export function isOf(location: Location, doc: ContainerDoc): boolean {
  const { subjectName } = location;
  if (!isComposed(location)) return subjectName === nameOf(doc);
  return subjectName === doc.Config.Labels?.["com.docker.compose.service"];
}

export const isComposed = ({ source }: Location): boolean => source.startsWith("compose:");

/** What a person names a moved value's subject by. */
export function sourceOf(location: Location): string {
  return isComposed(location) ? location.source : `docker:${location.subjectName}`;
}
