import type { RunChange } from "../../src/contract/delivery.ts";
import type { Selected } from "../../src/contract/migration.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import type { DiffLine } from "../../src/model/plan.ts";

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
