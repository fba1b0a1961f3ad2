import { resolve } from "node:path";
import { givenFiles } from "../../../migrations/compose/syntax/given.ts";
import { variables } from "../../../migrations/compose/syntax/environment.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { sources } from "../../../migrations/compose/syntax/sources.ts";
import type { Mark } from "./text.ts";

/** A variable of a service as our own loader reads it. */
export type ReadVariable = {
  readonly value: string;
  readonly from: readonly Pick<Mark, "file" | "line" | "kind">[];
  /** Every place that sets it, overridden ones too. */
  readonly reached: readonly Pick<Mark, "file" | "line">[];
};

/** By its keys, `services.web.environment.KEY`, with the value as `config` prints it. */
export async function readVariables(
  dir: string,
  { files, envFiles = [], env }: { files?: readonly string[]; envFiles?: readonly string[]; env: NodeJS.ProcessEnv },
): Promise<ReadonlyMap<string, ReadVariable>> {
  const given =
    files === undefined ? await givenFiles("", dir, env) : { files: files.map((file) => resolve(dir, file)) };
  const named = envFiles.map((file) => resolve(dir, file));
  const tell = (): void => undefined;
  const project = await loadProject({ outer: null, ...given, dir: null, name: null, envFiles: named, env, tell });
  const found = new Map<string, ReadVariable>();
  for (const service of project.services.values())
    for (const [name, places] of variables(service, tell)) {
      const place = places.at(-1);
      if (place === undefined || place.value === null) continue;
      const from = sources(place).map(({ file, line, kind }) => ({ file: file?.file ?? null, line, kind }));
      const value = place.value.replaceAll("$", () => "$$");
      const reached = places.map(({ file, line }) => ({ file: file.file, line }));
      found.set(`services.${service.name}.environment.${name}`, { value, from, reached });
    }
  return found;
}
