import type { Engine } from "../engine.ts";
import { ASK, isOurDriver } from "./questions.ts";

/** The volumes of our driver, questions left out, with the names of the containers that have them. */
export async function driverVolumes(
  engine: Engine,
): Promise<readonly { readonly name: string; readonly users: readonly string[] }[]> {
  const volumes = (await engine.volumes()).filter(
    ({ Driver = "", Name }) => isOurDriver(Driver) && !Name.startsWith(ASK),
  );
  if (volumes.length === 0) return [];
  const containers = await engine.containers();
  return volumes.map(({ Name }) => ({
    name: Name,
    users: containers
      .filter(({ Mounts }) => Mounts?.some((mount) => mount.Name === Name))
      .map(({ Names, Id }) => Names[0]?.slice(1) ?? Id.slice(0, 12)),
  }));
}
