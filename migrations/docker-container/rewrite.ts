import type { RunChange } from "../../src/contract/delivery.ts";
import type { Selected } from "../../src/contract/migration.ts";
import { createBody, type CreateBody } from "../../src/engine/recreate/body.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import type { DiffLine } from "../../src/model/plan.ts";
import type { Facts } from "../../src/engine/facts.ts";

/** The body that recreates the container with `change`, pinned to its image by digest if its tag has moved. */
export async function rewrittenBody(engine: Engine, { doc, image }: Facts, change: RunChange): Promise<CreateBody> {
  return createBody(doc, image, await imageRef(engine, doc), change, await engine.apiVersion());
}

/** The image as the container names it, or its id if another image has that name by now. */
export async function imageRef(engine: Engine, doc: ContainerDoc): Promise<string> {
  const ref = doc.Config.Image ?? doc.Image;
  const tagged = await engine.image(ref);
  return tagged?.Id === doc.Image ? ref : doc.Image;
}

/** The changes, masked on both sides. */
export function maskedDiff(doc: ContainerDoc, change: RunChange, selected: readonly Selected[]): DiffLine[] {
  const masked = new Map(selected.map(({ finding }) => [finding.name, finding.masked]));
  const gone = [...new Set([...change.unset, ...change.set.map((one) => one.name)])].filter((name) => masked.has(name));
  const runtime = change.runtime !== null && change.runtime !== doc.HostConfig.Runtime;
  return [
    ...gone.map((name): DiffLine => ({ sign: "-", path: "Config.Env", text: `${name}=${masked.get(name) ?? ""}` })),
    ...change.set.map(({ name, value }): DiffLine => ({ sign: "+", path: "Config.Env", text: `${name}=${value}` })),
    ...change.mounts.map(({ source, target, volume }): DiffLine => ({
      sign: "+",
      path: "HostConfig.Mounts",
      text: `${source} → ${target} (read-only, ${volume === undefined ? "tmpfs" : `volume of the driver ${volume.driver}`})`,
    })),
    ...(change.entrypointPrefix
      ? [
          {
            sign: "~",
            path: "Config.Entrypoint",
            text: `wrapped: ${change.entrypointPrefix.join(" ")} <original>`,
          } as const,
        ]
      : []),
    ...(change.healthcheckPrefix
      ? [
          {
            sign: "~",
            path: "Config.Healthcheck",
            text: `wrapped: ${change.healthcheckPrefix.join(" ")} <original>`,
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
