import { existsSync } from "node:fs";
import { join } from "node:path";
import type { Memory } from "../core/remember.ts";
import { once } from "../kit/once.ts";
import type { Basis } from "./basis.ts";
import type { Assembly } from "./types.ts";

/** What earlier scans saw, what is reported of it on the channels, and the search for copies of moved values. */
export function rememberingOf(
  { env, state, config, installation, redactor, engine, shared }: Basis,
  resolve: Assembly["resolve"],
): Pick<Assembly, "history" | "memory" | "remembered" | "channels" | "startDelivery" | "looks"> {
  const history = shared.history ?? once(async () => (await import("../history/sqlite.ts")).openSqliteHistory(state()));
  const memory = async (): Promise<Memory> => {
    const { findConnection, historyHostName: hostOf } = await import("../engine/connection.ts");
    const [kept, channels] = [await history(), [...(await config()).notify.keys()]];
    return { history: kept, host: hostOf(findConnection(env), env), channels, installation: installation() };
  };
  const channels: Assembly["channels"] = async (warn) => {
    const { outletsOf } = await import("../notify/index.ts");
    return outletsOf((await config()).notify, { env, redactor, resolve, warn });
  };
  return {
    history,
    memory,
    remembered: async () => (existsSync(join(state(), "history.db")) ? memory() : null),
    channels,
    startDelivery: async (say, outbox = null) => {
      const outlets = await Promise.all((await channels(say)).map(({ open }) => open()));
      const { startDelivery } = await import("../notify/deliver.ts");
      return startDelivery({ history: outbox ?? (await history()), outlets, say });
    },
    looks: async (about) => (await import("../residue/index.ts")).looksFor(about, engine, env),
  };
}
