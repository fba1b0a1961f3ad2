import { SOURCES } from "./plug-ins.ts";
import type { Assembly } from "./types.ts";
import type { Host } from "../contract/host.ts";
import { chooseHosts, hostEnv } from "../core/config/hosts.ts";
import { scanHosts } from "../core/hosts.ts";
import { scanAndRemember } from "../core/remember.ts";
import { scan, type ScanReport } from "../core/scan.ts";
import { bare, cmd } from "../kit/shell.ts";
import { mustBeTrusted } from "../core/config/untrusted.ts";
import { UnsprawlError } from "../model/error.ts";
import type { ScanHit } from "../core/scan-hit.ts";
import type { ScanTools } from "../core/scan-tools.ts";

/** Sources that an engine has. */
const OF_ENGINES = SOURCES.filter(({ reads }) => reads === "engine" || reads === "manager").map(({ kind }) => kind);

type Input = Parameters<typeof scanAndRemember>[0];

/** Scans, and adds the findings to the history of its host if `remember` is set. */
export async function scanHere(
  assembly: Assembly,
  input: Input,
  remember: boolean,
  tools: ScanTools,
  host: Host,
): Promise<{ readonly report: ScanReport; readonly hits: readonly ScanHit[] }> {
  if (!remember) return scan(input, tools, host);
  const memory = await assembly.memory();
  return scanAndRemember(input, tools, tools.host === undefined ? memory : { ...memory, host: tools.host }, host);
}

/** Throws `usage` for a source that no engine has. */
export function mustBeEngineSources(sources: readonly string[]): void {
  const other = sources.find((one) => !OF_ENGINES.includes(one.slice(0, one.indexOf(":"))));
  if (other === undefined) return;
  const fine = OF_ENGINES.map((one) => `${one}:`).join(" ");
  throw new UnsprawlError("usage", `${other} is not on a host`, cmd`--hosts goes with ${bare(fine)}`);
}

/**
 * Scans the selected engines from the configuration's `hosts:` (all if none is named), and makes one report. Throws
 * `usage` for a source that no engine has.
 */
export async function onHosts(
  assembly: Assembly,
  wanted: readonly string[],
  { verify, remember, ...input }: Input & { readonly verify: boolean; readonly remember: boolean },
  host: Host,
): Promise<ScanReport> {
  mustBeEngineSources(input.sources);
  const config = await assembly.config();
  mustBeTrusted(config.untrusted, "hosts");
  const hosts = new Map(chooseHosts(config.hosts, wanted));
  const scanOne = async (name: string, told: Host): Promise<ScanReport> => {
    const one = hosts.get(name);
    const tools = await assembly.at(one ? hostEnv(assembly.env, one) : assembly.env).scanTools(verify);
    const { report } = await scanHere(assembly, input, remember, { ...tools, host: name }, told);
    return { ...report, sources: report.sources.map((one) => ({ ...one, host: name })) };
  };
  return scanHosts([...hosts.keys()], input.sources, scanOne, host);
}
