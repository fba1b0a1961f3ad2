import { nameOf } from "../names.ts";
import type { ContainerDoc, HostConfig } from "../types.ts";

/** A container that would lose something if another is recreated, and what. */
export type Sharer = { readonly doc: ContainerDoc; readonly shares: readonly string[] };

/** An old container and its replacement; `name` is the old one's original name. */
export type Replaced = { readonly old: ContainerDoc; readonly fresh: ContainerDoc; readonly name: string };

/**
 * The containers in `all` that depend on `doc` itself, directly or transitively, each after those it depends on.
 * Namespaces belong to a process, and a legacy link to one container, whatever its name. What resolves by name works
 * with the new container and does not count: links in user networks, and `VolumesFrom`, whose mounts were copied at
 * create.
 */
export function sharersOf(doc: ContainerDoc, all: readonly ContainerDoc[]): Sharer[] {
  const reached = [doc];
  for (const one of reached)
    reached.push(
      ...all.filter((other) => !reached.some(({ Id }) => Id === other.Id) && sharesOf(other, one).length > 0),
    );
  let left = reached.slice(1);
  const ordered: ContainerDoc[] = [];
  while (left.length > 0) {
    const free = left.filter((one) => !left.some((other) => other !== one && sharesOf(one, other).length > 0));
    const next = free.length > 0 ? free : left;
    ordered.push(...next);
    left = left.filter((one) => !next.includes(one));
  }
  return ordered.map((one) => ({ doc: one, shares: reached.flatMap((other) => sharesOf(one, other)) }));
}

/** What `doc` shares with `other`, as paths in its document. */
function sharesOf({ Id, HostConfig }: ContainerDoc, other: ContainerDoc): string[] {
  if (Id === other.Id) return [];
  const modes = NAMESPACES.filter((mode) => HostConfig[mode] === `container:${other.Id}`);
  const linked = HostConfig.Links?.some((link) => linkTo(link) === nameOf(other));
  const volumes = HostConfig.VolumesFrom?.some((one) => isId(one.split(":", 1)[0], other));
  return [...modes, ...(linked ? ["Links"] : []), ...(volumes ? ["VolumesFrom"] : [])];
}

/** The fields that name a namespace. The engine stores them with the full id, whatever was given. */
export const NAMESPACES = ["NetworkMode", "IpcMode", "PidMode"] as const;

/** A sharer's document with the old containers replaced by the new ones. */
export function withNewContainers(doc: ContainerDoc, replaced: readonly Replaced[]): ContainerDoc {
  const host: { -readonly [key in keyof HostConfig]: HostConfig[key] } = { ...doc.HostConfig };
  for (const { old, fresh, name } of replaced) {
    for (const mode of NAMESPACES) if (host[mode] === `container:${old.Id}`) host[mode] = `container:${fresh.Id}`;
    if (host.Links) {
      host.Links = host.Links.map((link) =>
        linkTo(link) === nameOf(old) ? `/${nameOf(fresh)}:${link.split(":")[1] ?? ""}` : link,
      );
    }
    // By the name, which is still the old container's: the new one would also pass on the mount with the values.
    if (host.VolumesFrom) {
      host.VolumesFrom = host.VolumesFrom.map((one) => {
        const [from, ...mode] = one.split(":");
        return isId(from, old) ? [name, ...mode].join(":") : one;
      });
    }
  }
  return { ...doc, HostConfig: host };
}

/** The container that a link points to: `/db:/web/store` → `db`. */
function linkTo(link: string): string {
  return (link.split(":", 1)[0] ?? "").replace(/^\//, "");
}

function isId(text: string | undefined, { Id }: ContainerDoc): boolean {
  return text !== undefined && text.length >= 12 && Id.startsWith(text);
}
