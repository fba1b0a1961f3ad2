import { Readable } from "node:stream";
import { once } from "node:events";
import { basename } from "node:path";
import type { Pack } from "tar-stream";
import { FOLDERS, type PluginRoot } from "./root.ts";
import { HOME } from "./driver/home.ts";
import { PLUGIN_SOCKET } from "./driver/socket.ts";
import { ENGINE } from "./driver/users.ts";
import { MEMORY } from "./driver/propagates.ts";

/**
 * What `POST /plugins/create` takes, as a stream. `home` are the files of the driver's home by path: they lie on the engine's
 * disk, 0600 and root's. Source: Docker Engine, "Plugin Config Version 1 of Plugin V2".
 */
export async function pluginArchive(
  { words, files }: PluginRoot,
  home: ReadonlyMap<string, Buffer>,
  engineRoot: string,
): Promise<Readable> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  const filled = fill(tar, { words, files }, home, engineRoot);
  filled.then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return tar as unknown as Readable;
}

async function fill(
  tar: Pack,
  { words, files }: PluginRoot,
  home: ReadonlyMap<string, Buffer>,
  engineRoot: string,
): Promise<void> {
  tar.entry({ name: "config.json" }, JSON.stringify(pluginConfig(words, engineRoot)));
  for (const path of [...FOLDERS, `${ENGINE}/containers`, `${ENGINE}/image`, `${ENGINE}/proc`])
    tar.entry({ name: `rootfs${path}`, type: "directory", mode: path === HOME ? 0o700 : 0o755 });
  for (const [path, bytes] of home) tar.entry({ name: `rootfs${HOME}/${path}`, mode: 0o600 }, bytes);
  for await (const file of files) {
    const name = `rootfs${file.path}`;
    if ("link" in file) {
      tar.entry({ name, type: "symlink", linkname: file.link });
      continue;
    }
    const entry = tar.entry({ name, mode: file.mode, size: file.size });
    const written = once(entry, "finish");
    for await (const chunk of file.body()) if (!entry.write(chunk)) await once(entry, "drain");
    entry.end(undefined);
    await written;
  }
}

/**
 * Of capabilities it has a container's usual ones, and may look at processes. The host's network, as the stores are reached
 * from there; its processes, for proofs, by a mount that a rootless engine can make as well (it cannot let the plugin have its
 * process ids); its memory is mounted by the engine, so that the plugin itself need not mount.
 */
function pluginConfig(words: readonly string[], engineRoot: string): object {
  const folder = (source: string, options: readonly string[], description: string): object => {
    const name = basename(source);
    return { ...{ name, description, source, destination: `${ENGINE}/${name}` }, type: "bind", options, settable: [] };
  };
  const kept = "what the engine keeps of containers";
  return {
    description: "Volumes with secrets from their store, in memory",
    documentation: "unsprawl help plugin",
    entrypoint: words,
    workdir: "/",
    interface: { types: ["docker.volumedriver/1.0"], socket: PLUGIN_SOCKET },
    network: { type: "host" },
    linux: { capabilities: ["CAP_SYS_PTRACE"], devices: null, allowAllDevices: false },
    propagatedMount: "/volumes",
    mounts: [
      folder(`${engineRoot}/containers`, ["bind", "ro"], kept),
      folder(`${engineRoot}/image`, ["bind", "ro"], kept),
      folder("/proc", ["rbind", "ro", "nosuid", "nodev", "noexec"], "processes, for proofs"),
      {
        ...{ name: "memory", description: "where values are", type: "tmpfs", source: "tmpfs", settable: [] },
        ...{ destination: MEMORY, options: ["nosuid", "nodev", "noexec", "mode=0711", "size=64m"] },
      },
    ],
    env: [],
    args: { name: "", description: "", settable: null, value: null },
  };
}
