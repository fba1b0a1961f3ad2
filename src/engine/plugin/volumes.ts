import type { Engine } from "../engine.ts";
import { composeLabelsOf } from "../labels.ts";
import { nameOf } from "../names.ts";
import type { ContainerDoc } from "../types.ts";
import { ASK, isOurDriver } from "./questions.ts";

export type UsedVolume = {
  readonly name: string;
  /** The names of the containers that have it. */
  readonly users: readonly string[];
  /** Whether the plugin has it. The engine lists none of a disabled one, only those that containers have. */
  readonly isListed: boolean;
};

/** The volumes of our driver, questions left out. */
export async function driverVolumes(engine: Engine): Promise<readonly UsedVolume[]> {
  const listed = (await engine.volumes()).filter(({ Driver = "" }) => isOurDriver(Driver)).map(({ Name }) => Name);
  const users = new Map(listed.filter((name) => !name.startsWith(ASK)).map((name) => [name, [] as string[]]));
  for (const { Mounts, Names, Id } of await engine.containers())
    for (const { Name = "", Driver = "" } of Mounts ?? [])
      if (users.has(Name) || isOurDriver(Driver))
        users.set(Name, [...(users.get(Name) ?? []), Names[0]?.slice(1) ?? Id.slice(0, 12)]);
  return [...users].map(([name, all]) => ({ name, users: all, isListed: listed.includes(name) }));
}

/** What the volumes of our driver name that the containers of a consumer mount; each once. */
export async function volumeReferences(
  engine: Engine,
  consumer: string,
): Promise<readonly { readonly variable: string; readonly reference: string }[]> {
  const volumes = new Map((await engine.volumes()).map((one) => [one.Name, one]));
  const found = new Map<string, { readonly variable: string; readonly reference: string }>();
  for (const { Id, Mounts } of await engine.containers()) {
    const own = (Mounts ?? []).filter(({ Driver = "" }) => isOurDriver(Driver));
    const doc = own.length === 0 ? null : await engine.container(Id);
    if (doc === null || !(await consumersOfContainer(engine, doc)).includes(consumer)) continue;
    for (const { Name = "" } of own)
      for (const [variable, reference] of Object.entries(volumes.get(Name)?.Options ?? {}))
        if (reference.startsWith("ref+")) found.set(`${variable} ${reference}`, { variable, reference });
  }
  return [...found.values()];
}

async function consumersOfContainer(engine: Engine, doc: ContainerDoc): Promise<readonly string[]> {
  const compose = await composeLabelsOf(engine, doc);
  const service = compose === null ? [] : [`compose:${compose["project"] ?? ""}/${compose["service"] ?? ""}`];
  return [`container:${nameOf(doc)}`, ...service, `id:${doc.Id}`];
}
