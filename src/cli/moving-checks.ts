import type { Assembly } from "../assembly/index.ts";
import type { DoctorCheck } from "../core/doctor.ts";
import { RUNTIME_NAME } from "../delivery/runtime/settings.ts";
import { readPluginStatus } from "../delivery/volume/install.ts";
import type { PluginStatus } from "../engine/plugin/questions.ts";
import { UnsprawlError } from "../model/error.ts";
import { FROM_THERE, unreachableHost } from "../engine/facts.ts";
import { isPodman } from "../engine/types.ts";

/** A way to do something on this engine from here; null as its reason means that it works. */
type Way = { readonly what: string; readonly against: string | null; readonly way: string | null };

/**
 * What this engine allows from here, a row each: to scan, to move by each delivery, to serve values after a reboot, to undo.
 * A way that does not work is no problem while another does.
 */
export async function movingChecks(assembly: Assembly): Promise<readonly DoctorCheck[]> {
  const engine = await assembly.engine();
  const info = await engine.info();
  const away = unreachableHost(engine, info);
  const plugin = await readPluginStatus(engine, assembly.state());
  const byVolume = isPodman(info) ? "Podman has no managed plugins" : pluginFault(plugin);
  const isRuntime = Object.keys(info.Runtimes ?? {}).includes(RUNTIME_NAME);
  const byRuntime = away ?? (isRuntime ? null : "the OCI runtime is not installed");
  const ways: readonly Way[] = [
    { what: "move by volume", against: byVolume, way: isPodman(info) ? null : pluginWay(plugin) },
    { what: "move by file or shim", against: away, way: SUDO },
    { what: "move by runtime", against: byRuntime, way: away === null ? RUNTIME : SUDO },
    { what: "serve new values by the agent", against: away, way: SUDO },
  ];
  const moving = ways.slice(0, 3).filter(({ against }) => against === null);
  const rows = [
    row("scan", null, null),
    ...ways.map(({ what, against, way }) => row(what, against, way)),
    row("roll back", moving.length > 0 ? null : "nothing can be moved", null),
  ];
  if (moving.length > 0) return rows;
  const text = `secrets are found from here, not moved: ${away ?? byVolume ?? ""}`;
  return [{ name: "moving", state: "warn", text, hint: FROM_THERE }, ...rows];
}

/** Why no container of this engine can be moved from here; null if one can, or if the engine does not say. */
export async function movingFault(assembly: Assembly): Promise<string | null> {
  try {
    const engine = await assembly.engine();
    const away = unreachableHost(engine, await engine.info());
    return away === null || !((await readPluginStatus(engine, assembly.state())) instanceof UnsprawlError)
      ? null
      : away;
  } catch (error) {
    if (error instanceof UnsprawlError) return null;
    throw error;
  }
}

function pluginFault(plugin: PluginStatus | UnsprawlError): string | null {
  if (plugin instanceof UnsprawlError) return plugin.message;
  const faulty = plugin.stores.find(({ fault }) => fault !== null);
  return faulty === undefined ? null : `its volume plugin cannot read ${faulty.name}: ${faulty.fault ?? ""}`;
}

const pluginWay = (plugin: PluginStatus | UnsprawlError): string | null =>
  plugin instanceof UnsprawlError ? plugin.hint : "unsprawl plugin upgrade --to STORE";

const RUNTIME = "unsprawl runtime install --to STORE";
const SUDO = "the same as root on the engine's own host";

function row(what: string, against: string | null, way: string | null): DoctorCheck {
  const text = against === null ? `${what}: works here` : `${what}: not here, ${against}`;
  return { name: "moving", state: "ok", text, hint: against === null ? null : way };
}
