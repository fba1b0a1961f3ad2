import picomatch from "picomatch";
import type { FleetSource } from "../core/config/fleet.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Registry } from "../images/registry/client.ts";
import { repositoriesOf, type Problem } from "../images/registry/listing.ts";
import { isGlob, repositoryText, parseReference } from "../images/registry/reference.ts";

/** What one job scans: a host's engine, or one repository. Names places and holds no value. */
export type FleetUnit = {
  readonly kind: "host" | "repository";
  /** As `fleet status` lists it. */
  readonly name: string;
  /** The host whose history it belongs to. */
  readonly host: string;
  readonly source: string;
  readonly layers: boolean;
  /** The registry's host, whose jobs can be delayed together; null for an engine. */
  readonly registry: string | null;
  /** From a catalog: a repository without an image is no failure. `gone`: it is no longer in the catalog. */
  readonly listed: boolean;
  readonly gone: boolean;
};

export type ExpandTools = {
  readonly hosts: readonly string[];
  readonly registry: (host: string) => Promise<Registry>;
  /** The units of a registry that have been scanned before, by name. */
  readonly known: (registry: string) => Promise<readonly string[]>;
  readonly signal: AbortSignal;
};

type UnitSource = Pick<FleetSource, "source" | "layers">;

/** The units of a source: each host, or each repository of a registry's catalog and those that are no longer in it. */
export async function unitsOf(wanted: UnitSource, tools: ExpandTools): Promise<readonly FleetUnit[]> {
  if (!wanted.source.startsWith("registry:")) {
    checkSource(wanted, tools.hosts);
    return tools.hosts.map((host) => hostUnit(host, wanted));
  }
  const reference = parseReference(wanted.source.slice("registry:".length));
  const { host, repository, tag } = reference;
  if (repository !== null && !isGlob(repository)) {
    const name = wanted.source.slice("registry:".length);
    return [{ ...repositoryUnit(name, host, wanted), source: wanted.source }];
  }
  const registry = await tools.registry(host);
  try {
    const problems: Problem[] = [];
    const called = (name: string): string =>
      tag === "*" ? repositoryText(host, name) : `${repositoryText(host, name)}:${tag}`;
    const listed = new Set((await repositoriesOf(registry, repository, tools.signal, problems)).map(called));
    const mine = picomatch(called(repository ?? "**"), { dot: true, bash: true });
    const gone = (await tools.known(host)).filter((name) => !listed.has(name) && mine(name));
    return [
      ...[...listed].map((name) => ({ ...repositoryUnit(name, host, wanted), listed: true })),
      ...gone.map((name) => ({ ...repositoryUnit(name, host, wanted), listed: true, gone: true })),
    ];
  } finally {
    registry.close();
  }
}

/** Throws `usage` for a source that a fleet cannot scan. */
export function checkSource({ source }: UnitSource, hosts: readonly string[]): void {
  if (source.startsWith("registry:")) return void parseReference(source.slice("registry:".length));
  if (hosts.length === 0)
    throw new UnsprawlError(
      "config",
      `fleet.sources has ${source}, and no hosts are configured`,
      "hosts: { web1: { address: ssh://root@web1 } }",
    );
}

function hostUnit(host: string, { source, layers }: UnitSource): FleetUnit {
  const name = source === "docker:" ? host : `${host} ${source}`;
  return { kind: "host", name, host, source, layers, registry: null, listed: false, gone: false };
}

function repositoryUnit(name: string, registry: string, { layers }: UnitSource): FleetUnit {
  // A unit from a catalog is all its tags; a unit that was named is exactly that.
  const tagged = name.slice(registry.length).includes(":");
  const source = `registry:${name}${tagged ? "" : ":*"}`;
  return { kind: "repository", name, host: name, source, layers, registry, listed: false, gone: false };
}
