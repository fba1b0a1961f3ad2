import { dirname } from "node:path";
import pMap from "p-map";
import type { ProjectContainer, Supplies } from "../contract/supplies.ts";
import type { Engine } from "./engine.ts";
import { composeLabelsOf } from "./labels.ts";
import { nameOf } from "./names.ts";

/**
 * The containers of Compose projects that mount files of values, by the labels that Compose sets. One of
 * `docker compose run` counts while it runs.
 */
export async function projectContainers(
  engine: Engine,
  supplies: Pick<Supplies, "mayHold">,
): Promise<readonly ProjectContainer[]> {
  const holds = ({ Source = "" }): boolean => Source.startsWith("/") && supplies.mayHold(dirname(Source));
  const chosen = (await engine.containers()).filter(({ Mounts = [] }) => Mounts.some(holds));
  const found = await pMap(
    chosen,
    async ({ Id }): Promise<readonly ProjectContainer[]> => {
      const doc = await engine.container(Id);
      const labels = await composeLabelsOf(engine, doc);
      if (doc === null || labels === null || (labels["oneoff"] === "True" && !doc.State.Running)) return [];
      const files = (labels["project.config_files"] ?? "").split(",").filter(Boolean);
      const mounts = (doc.Mounts ?? []).flatMap(({ Source }) => Source ?? []);
      const project = labels["project"] ?? "";
      return [{ name: nameOf(doc), project, dir: labels["project.working_dir"] ?? "", files, mounts }];
    },
    { concurrency: 8 },
  );
  return found.flat();
}

/** The sources that say what these containers need. The label parts files by commas, a source by colons. */
export function composeSources(containers: readonly ProjectContainer[]): readonly string[] {
  return [...new Set(containers.map(({ files }) => `compose:${files.join(":")}`))];
}
