import type { RunChange } from "../../src/contract/delivery.ts";
import type { Selected } from "../../src/contract/migration.ts";
import { createBody, type CreateBody } from "../../src/docker/create-body.ts";
import type { Engine } from "../../src/docker/engine.ts";
import { isPlain, traces } from "../../src/docker/traces.ts";
import type { ContainerDoc } from "../../src/docker/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { keyedDigest, type FingerprintKey } from "../../src/model/fingerprint.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import type { Facts } from "../../src/docker/facts.ts";

/** The body that creates the container again with `change`, pinned to its own image by digest if its tag has moved. */
export async function rewritten(engine: Engine, { doc, image }: Facts, change: RunChange): Promise<CreateBody> {
  const ref = doc.Config.Image ?? doc.Image;
  const tagged = await engine.image(ref);
  return createBody(doc, image, tagged?.Id === doc.Image ? ref : doc.Image, change, await engine.apiVersion());
}

/** What changes, masked on both sides. */
export function diff(doc: ContainerDoc, change: RunChange, selected: readonly Selected[]): DiffLine[] {
  const masked = new Map(selected.map(({ finding }) => [finding.name, finding.masked]));
  const gone = [...new Set([...change.unset, ...change.set.map((one) => one.name)])].filter((name) => masked.has(name));
  const runtime = change.runtime !== null && change.runtime !== doc.HostConfig.Runtime;
  return [
    ...gone.map((name): DiffLine => ({ sign: "-", path: "Config.Env", text: `${name}=${masked.get(name) ?? ""}` })),
    ...change.set.map(({ name, value }): DiffLine => ({ sign: "+", path: "Config.Env", text: `${name}=${value}` })),
    ...change.mounts.map(({ source, target }): DiffLine => ({
      sign: "+",
      path: "HostConfig.Mounts",
      text: `${source} → ${target} (read-only, tmpfs)`,
    })),
    ...(change.entrypointPrefix
      ? [
          {
            sign: "~",
            path: "Config.Entrypoint",
            text: `${change.entrypointPrefix.join(" ")} before the original`,
          } as const,
        ]
      : []),
    ...(change.healthcheckPrefix
      ? [
          {
            sign: "~",
            path: "Config.Healthcheck",
            text: `${change.healthcheckPrefix.join(" ")} before the original`,
          } as const,
        ]
      : []),
    ...(runtime
      ? [
          {
            sign: "~",
            path: "HostConfig.Runtime",
            text: `${doc.HostConfig.Runtime ?? "default"} → ${change.runtime}`,
          } as const,
        ]
      : []),
  ];
}

/**
 * Places that would still hold a value afterwards. For a value that cannot be there by coincidence that is a refusal;
 * for a plain word (`postgres`) they are named and left.
 */
export function leftovers(
  doc: ContainerDoc,
  selected: readonly Selected[],
): { readonly name: string; readonly path: string }[] {
  const moved = new Set(selected.map(({ move }) => `Config.Env.${move.name}`));
  const left: { name: string; path: string }[] = [];
  for (const { move, value } of selected) {
    const paths = traces(doc, value).filter((path) => !moved.has(path));
    if (paths.length > 0 && !isPlain(value)) {
      throw new UnsprawlError(
        "refused",
        `the value of ${move.name} is also at ${paths.slice(0, 3).join(", ")}, which would stay: inspect would still show it`,
        "take it out of there first, or give that place a variable of its own",
      );
    }
    left.push(...paths.map((path) => ({ name: move.name, path })));
  }
  return left;
}

/** The part of a container's document that only a person changes: what drift is measured on. */
function stable(doc: ContainerDoc): unknown {
  const networks = Object.entries(doc.NetworkSettings?.Networks ?? {}).map(([name, endpoint]) => [
    name,
    {
      ipam: endpoint.IPAMConfig ?? null,
      aliases: endpoint.Aliases ?? null,
      links: endpoint.Links ?? null,
      driver: endpoint.DriverOpts ?? null,
    },
  ]);
  return {
    Id: doc.Id,
    Name: doc.Name,
    Image: doc.Image,
    Config: doc.Config,
    HostConfig: doc.HostConfig,
    Networks: Object.fromEntries(networks),
  };
}

export function driftDigest(doc: ContainerDoc, key: FingerprintKey): string {
  return keyedDigest(JSON.stringify(stable(doc)), key);
}
