import type { Engine } from "../../../src/engine/engine.ts";
import { trimEndOf } from "../../../src/kit/text/trim.ts";
import { realOrSame } from "../../../src/kit/io/real.ts";

/** A folder on this host that a container can write to. */
type WritableFolder = { readonly source: string; readonly bind: boolean; readonly container: string };

/** The folders on this host that containers can write to, and the engine's own. */
export async function writableFolders(engine: Engine): Promise<readonly WritableFolder[]> {
  const [listed, { DockerRootDir }, volumes] = await Promise.all([
    engine.containers(),
    engine.info(),
    engine.volumes(),
  ]);
  const mounted = listed.flatMap(({ Names, State, Mounts = [] }) =>
    Mounts.filter(({ RW, Source }) => State !== "created" && RW !== false && Source?.startsWith("/")).map(
      ({ Type, Source = "" }) => ({
        source: Source,
        bind: Type === "bind",
        container: plain(Names[0] ?? ""),
      }),
    ),
  );
  // A local volume may be backed by any folder on this host, which then counts as a volume.
  const devices = volumes.flatMap(({ Name, Options }) => {
    const users = listed.filter(({ Mounts = [] }) => Mounts.some((one) => one.Type === "volume" && one.Name === Name));
    const source = Options?.["device"] ?? "";
    return source.startsWith("/") ? [{ source, bind: false, container: plain(users[0]?.Names[0] ?? Name) }] : [];
  });
  const engines = [DockerRootDir ?? "", "/var/lib/containerd"].map((source) => ({
    source,
    bind: false,
    container: "",
  }));
  return [...mounted, ...devices, ...engines.filter(({ source }) => source !== "")];
}

/** The volume or engine folder that contains this path, or null. */
export function volumeAt(path: string, mounts: readonly WritableFolder[]): WritableFolder | null {
  return mounts.find((one) => !one.bind && below(path, one.source)) ?? null;
}

/** The container that can write to one of these paths; null if none can. */
export function writerName(paths: readonly string[], mounts: readonly WritableFolder[]): string | null {
  const found = paths.flatMap((path) => mounts.find((one) => below(path, one.source)) ?? []);
  return found[0]?.container ?? null;
}

const plain = (name: string): string => name.replace(/^\//, "");

function below(path: string, folder: string): boolean {
  const [a, b] = [realOrSame(path), trimEndOf(realOrSame(folder), "/")];
  return a === b || a.startsWith(`${b}/`);
}
