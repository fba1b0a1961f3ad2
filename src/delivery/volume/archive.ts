import { Readable } from "node:stream";
import { once } from "node:events";
import { basename } from "node:path";
import type { Pack } from "tar-stream";
import { FOLDERS, type PluginRoot } from "./root.ts";
import { HOME } from "./driver/home.ts";
import { PLUGIN_SOCKET } from "./driver/socket.ts";
import { ENGINE } from "./driver/users.ts";
import { MEMORY } from "./driver/propagates.ts";

export type PluginMade = {
  /** The files of the driver's home by path: they lie on the engine's disk, 0600 and root's. */
  readonly home: ReadonlyMap<string, Buffer>;
  readonly engineRoot: string;
  /** Whose it is, for all to see. */
  readonly mark: string;
};

/** The variable in the plugin's settings that holds its mark. */
export const MARK = "UNSPRAWL_INSTALLATION";

/** What `POST /plugins/create` takes, as a stream. Source: Docker Engine, "Plugin Config Version 1 of Plugin V2". */
export async function pluginArchive({ words, files }: PluginRoot, made: PluginMade): Promise<Readable> {
  const { pack } = await import("tar-stream");
  const tar = pack();
  const filled = fill(tar, { words, files }, made);
  filled.then(
    () => tar.finalize(),
    (error: unknown) => tar.destroy(error as Error),
  );
  return tar as unknown as Readable;
}

async function fill(tar: Pack, { words, files }: PluginRoot, { home, engineRoot, mark }: PluginMade): Promise<void> {
  tar.entry({ name: "config.json" }, JSON.stringify(pluginConfig(words, engineRoot, mark)));
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
function pluginConfig(words: readonly string[], engineRoot: string, mark: string): object {
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
    env: [{ name: MARK, description: "who installed it", value: mark, settable: [] }],
    args: { name: "", description: "", settable: null, value: null },
  };
}
