import type { Assembly } from "../assembly/index.ts";
import type { DoctorCheck } from "../core/doctor.ts";
import { RUNTIME_NAME } from "../delivery/runtime/settings.ts";
import { readPluginStatus } from "../delivery/volume/install.ts";
import type { PluginStatus } from "../engine/plugin/questions.ts";
import type { UnreachableHost } from "../contract/delivery.ts";
import { UnsprawlError } from "../model/error.ts";
import { unreachableHost } from "../engine/facts.ts";
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
  const there = away?.way ?? null;
  const isRuntime = Object.keys(info.Runtimes ?? {}).includes(RUNTIME_NAME);
  const byRuntime = isPodman(info)
    ? "Podman's containers are moved by file or shim"
    : (away?.why ?? (isRuntime ? null : "the OCI runtime is not installed"));
  const ways: readonly Way[] = [
    { what: "move by volume", against: pluginFault(plugin), way: pluginWay(plugin) },
    { what: "move by file or shim", against: away?.why ?? null, way: there },
    { what: "move by runtime", against: byRuntime, way: isPodman(info) ? null : (there ?? RUNTIME) },
    { what: "serve new values by the agent", against: away?.why ?? null, way: there },
  ];
  const moving = ways.slice(0, 3).filter(({ against }) => against === null);
  const rows = [
    row("scan", null, null),
    ...ways.map(({ what, against, way }) => row(what, against, way)),
    row("roll back", moving.length > 0 ? null : "nothing can be moved", null),
  ];
  if (moving.length > 0) return rows;
  const text = `secrets are found from here, not moved: ${away?.why ?? pluginFault(plugin) ?? ""}`;
  return [{ name: "moving", state: "warn", text, hint: there ?? pluginWay(plugin) }, ...rows];
}

/** Why no container of this engine can be moved from here; null if one can, or if the engine does not say. */
export async function movingFault(assembly: Assembly): Promise<UnreachableHost | null> {
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

function row(what: string, against: string | null, way: string | null): DoctorCheck {
  const text = against === null ? `${what}: works here` : `${what}: not here, ${against}`;
  return { name: "moving", state: "ok", text, hint: against === null ? null : way };
}
