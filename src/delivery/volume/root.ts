import { execFileSync } from "node:child_process";
import { createReadStream, realpathSync, statSync } from "node:fs";
import { posix } from "node:path";
import { Readable } from "node:stream";
import { childEnvironment } from "../../kit/child-environment.ts";
import { driverProgram } from "../../kit/program.ts";
import { tarEntries } from "../../kit/tar/entries.ts";
import { UnsprawlError } from "../../model/error.ts";
import { PACKAGED_DRIVER } from "../../model/driver.ts";
import type { Engine } from "../../engine/engine.ts";
import { cmd } from "../../kit/shell.ts";
import { HOME } from "./driver/home.ts";

/** What a plugin is made of: a tar stream of its configuration and its root file system. */
export type PluginRoot = {
  /** The words that start the driver in it. */
  readonly words: readonly string[];
  readonly files: AsyncIterable<RootFile>;
};

/** `path` is absolute, as in the plugin. */
export type RootFile = { readonly path: string; readonly mode: number } & (
  | { readonly size: number; readonly body: () => AsyncIterable<Buffer> }
  | { readonly link: string }
);

/** Folders that the plugin needs, empty: places of mounts among them. */
export const FOLDERS = ["/proc", "/sys", "/dev", "/tmp", "/etc", "/run/docker/plugins", "/volumes/memory", HOME];

/** The program that runs here, with the C library that it is linked with. Throws `refused` where that is no Linux program. */
export function ownRoot(): PluginRoot {
  if (process.platform !== "linux")
    throw new UnsprawlError(
      "refused",
      "the program that runs here cannot run in the engine's plugin, which is Linux",
      "unsprawl plugin install --from IMAGE, with an image of unsprawl that the engine has",
    );
  const { files, words } = driverProgram();
  const [program] = files;
  const all = [...files, ...librariesOf(program?.from ?? "").map((path) => ({ from: path, to: path }))];
  return { words, files: Readable.from(all.map(({ from, to }) => fileFrom(from, to))) as AsyncIterable<RootFile> };
}

function fileFrom(from: string, path: string): RootFile {
  const file = realpathSync(from);
  return { path, mode: 0o755, size: statSync(file).size, body: () => createReadStream(file) as AsyncIterable<Buffer> };
}

/** What the dynamic linker of this machine loads for a program, the linker among it; none for a static one. */
function librariesOf(program: string): readonly string[] {
  try {
    const env = childEnvironment(process.env);
    const said = execFileSync("ldd", [program], { env, encoding: "utf8", stdio: ["ignore", "pipe", "ignore"] });
    return [...said.matchAll(/(?<!\S)(\/\S+) \(0x/g)].flatMap(([, path]) => path ?? []);
  } catch {
    return [];
  }
}

/** The root of an image that the engine has: a container is made of it, never started, and removed. */
export async function imageRoot(engine: Engine, image: string, signal: AbortSignal): Promise<PluginRoot> {
  const docker = await engine.docker();
  const made = await engine.call(`create a container of ${image}`, () =>
    docker.createContainer({ Image: image, Cmd: [...PACKAGED_DRIVER], NetworkDisabled: true }),
  );
  if (made === null)
    throw new UnsprawlError("absent", `the engine has no image ${image}`, cmd`docker pull ${image}, or docker load it`);
  return { words: PACKAGED_DRIVER, files: exported(engine, made.id, signal) };
}

async function* exported(engine: Engine, id: string, signal: AbortSignal): AsyncGenerator<RootFile> {
  try {
    const stream = await engine.stream("read the image", `/containers/${id}/export`, signal);
    for await (const { path, kind, size, target, body } of tarEntries(stream ?? Readable.from([]))) {
      const at = posix.join("/", path);
      if (kind === "file") yield { path: at, mode: 0o755, size, body };
      if (kind === "symlink") yield { path: at, mode: 0o777, link: target };
    }
  } finally {
    const docker = await engine.docker();
    await engine.call("remove the container", () => docker.getContainer(id).remove({ force: true }));
  }
}
