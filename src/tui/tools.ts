import type { Assembly } from "../assembly/index.ts";
import { STORES } from "../assembly/plug-ins.ts";
import type { ResidueTools } from "../core/residue.ts";
import { storePlace } from "../core/store-place.ts";
import { untrustedText } from "../core/config/untrusted.ts";
import { lookTools, planTools } from "../assembly/run-tools.ts";
import type { TerminalSession } from "./session.ts";
import type { Provider } from "../contract/provider.ts";
import type { Confidence } from "../model/finding.ts";
import type { Plan } from "../model/plan.ts";
import type { StoreChoice } from "./state.ts";
import type { ApplyTools } from "../core/apply-tools.ts";
import type { ScanTools } from "../core/scan-tools.ts";

/** What core needs to scan, and the confidence floor of the configuration. */
export async function scanTools(
  assembly: Assembly,
): Promise<{ readonly tools: ScanTools; readonly minConfidence: Confidence }> {
  const config = await assembly.config();
  const tools = await assembly.scanTools(false);
  const { untrusted, minConfidence } = config;
  const own = untrusted === null ? [] : [`${untrustedText(untrusted)}; next: ${untrusted.hint}`];
  return {
    tools: { ...tools, notes: async () => [...own, ...(await tools.notes())] },
    minConfidence: minConfidence ?? "medium",
  };
}

/** What core needs to work on a plan: its migration and its store. */
export async function applyTools(
  { assembly, store }: TerminalSession,
  plan: Plan,
  provider?: Provider,
): Promise<ApplyTools> {
  return planTools(assembly, plan, { breakLock: false, readOnly: store.get().readOnly }, provider);
}

/** What core needs to look for places that still show moved values. */
export function residueTools({ assembly, store }: TerminalSession): ResidueTools {
  return lookTools(assembly, { breakLock: false, readOnly: store.get().readOnly });
}

/** The configured stores, then those that need no configuration. */
export async function storeChoices(assembly: Assembly): Promise<StoreChoice[]> {
  const { stores } = await assembly.config();
  const configured = [...stores].map(([name, { provider, keys }]) => ({
    name,
    text: `${storePlace({ provider, settings: keys })}, from the configuration`,
  }));
  const { env } = assembly;
  const offered = STORES.flatMap(({ name, choice }) =>
    choice !== null && (choice.needs.length === 0 || choice.needs.some((variable) => env[variable]))
      ? [{ name, text: choice.text }]
      : [],
  );
  return [...configured, ...offered.filter(({ name }) => !stores.has(name))];
}

/** The store that the environment names without a configuration, else the one that needs none. */
export function likelyStore(env: NodeJS.ProcessEnv): string | null {
  const preselected = STORES.map(({ name, choice }) => ({ name, by: choice?.preselected ?? [] }));
  const named = preselected.find(({ by }) => by !== "otherwise" && by.some((variable) => env[variable]));
  return (named ?? preselected.find(({ by }) => by === "otherwise"))?.name ?? null;
}
