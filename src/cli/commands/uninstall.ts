import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Assembly } from "../../assembly/index.ts";
import { readJournal, type Journal } from "../../core/journal/journal.ts";
import { listRuns, type RunSummary } from "../../core/journal/runs.ts";
import { AGENT_UNIT, unitFolder } from "../../core/agent-state.ts";
import { bare, cmd } from "../../kit/shell.ts";
import { jsonText } from "../../kit/text/escape.ts";
import { EXIT, UnsprawlError } from "../../model/error.ts";
import type { Consumer } from "../../model/consumer.ts";
import type { Step } from "../../model/plan.ts";
import { isRemovalConfirmed } from "../confirm.ts";
import type { CommandContext, ParsedFlags } from "../context.ts";
import { say, sayNext, writeResult } from "../output.ts";

type Dependent = { readonly name: string; readonly needs: "files" | "runtime"; readonly origin?: string };

/**
 * `unsprawl uninstall`: throws `refused` while containers of this host would not start without it; once that is
 * confirmed removes what it installed beside itself. Packages run it with --check before they are removed.
 */
export async function run(context: CommandContext, _args: readonly string[], options: ParsedFlags): Promise<number> {
  const { assembly } = context;
  const installed = await installedHere(assembly);
  if (installed.pods !== null) (await podRuntime()).mustBeFreeOfPods(assembly.env);
  const dependents = await dependentsOf(assembly, installed.runtime);
  if (dependents.length > 0) throw inUse(dependents, waysBack(dependents, journalsOf(assembly)));
  if (options["check"] === true) return EXIT.ok;
  const paths = [installed.runtime, installed.pods, ...installed.agent].filter((path) => path !== null);
  const yes = await isRemovalConfirmed(context, options, paths);
  if (yes) await removeInstalled(assembly, installed);
  const lines = paths.map((path) => `${yes ? "removed" : "to be removed:"} ${path}`);
  await writeResult(
    context.json
      ? jsonText({ version: 1, paths, removed: yes, kept: [assembly.state()] })
      : [...lines, `kept: ${assembly.state()} (runs and history), the stores, the keys`].join("\n"),
    null,
    context,
  );
  if (context.json) return EXIT.ok;
  if (!yes && paths.length > 0) say(context, "nothing was removed: add --yes");
  else
    sayNext(context, "apt remove unsprawl, dnf remove unsprawl, apk del unsprawl or npm uninstall --global unsprawl");
  return EXIT.ok;
}

type InstalledParts = {
  readonly runtime: string | null;
  /** The runtime of a Kubernetes node's pods. */
  readonly pods: string | null;
  readonly agent: readonly string[];
};

const podRuntime = (): Promise<typeof import("../../delivery/runtime/containerd/index.ts")> =>
  import("../../delivery/runtime/containerd/index.ts");

async function installedHere({ env }: Assembly): Promise<InstalledParts> {
  const { podRuntimeHome, runtimeHome } = await import("../../delivery/runtime/settings.ts");
  const { agentHome } = await import("../../delivery/readers.ts");
  const agent = [join(unitFolder(env), AGENT_UNIT), agentHome(env)].filter((path) => existsSync(path));
  // Whole or not: an interrupted one leaves credentials, too.
  const [runtime = null, pods = null] = [runtimeHome(env), podRuntimeHome(env)].map((path) =>
    existsSync(path) ? path : null,
  );
  return { runtime, pods, agent };
}

/**
 * The containers that would not start without unsprawl. Without an engine the index of this host's consumers has to do;
 * who uses an installed runtime then cannot be known, which throws.
 */
async function dependentsOf(assembly: Assembly, runtime: string | null): Promise<readonly Dependent[]> {
  const index = (await assembly.supplies()).index.read();
  try {
    const { runtimeUsers } = await import("../../delivery/runtime/install.ts");
    const engine = await assembly.engine();
    const users = await runtimeUsers(engine);
    const { consumers } = await assembly.consumers("docker:");
    const served = new Map([...consumers, ...index].map((one) => [one.id, one]));
    return [
      ...[...served.values()].map(needsFiles),
      ...users.map((name) => ({ name: `container:${name}`, needs: "runtime" }) as const),
    ];
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    if (runtime !== null)
      throw new UnsprawlError(
        "unreachable",
        `the runtime is installed, and which containers use it is not known: ${error.message}`,
        "start the engine, then unsprawl uninstall",
      );
    return index.map(needsFiles);
  }
}

const needsFiles = ({ id, origin }: Pick<Consumer, "id" | "origin">): Dependent => ({
  name: id,
  needs: "files",
  ...(origin !== undefined && { origin }),
});

type PastRun = Pick<Journal, "plan" | "receipts"> & { readonly state: RunSummary["state"] };

/** The runs that can be read, newest first; none where the state folder itself cannot. */
function journalsOf(assembly: Assembly): readonly PastRun[] {
  try {
    const here = assembly.installation();
    return listRuns(here)
      .filter(({ state }) => state === "done" || state === "scrubbed")
      .map(({ run, state }) => ({ ...readJournal(here, run), state }))
      .toReversed();
  } catch (error) {
    if (error instanceof UnsprawlError) return [];
    throw error;
  }
}

/** What puts each back: the run that moved it last, unless that was scrubbed or is not of this installation. */
function waysBack(dependents: readonly Dependent[], runs: readonly PastRun[]): readonly string[] {
  const ways = dependents.map((one) => {
    const run = runs.find(({ plan }) => plan.steps.some((step) => isOf(one, step)));
    if (run?.state === "done") return cmd`unsprawl rollback ${run.plan.id}`;
    const why = run === undefined ? "no run in this state folder moved it" : `run ${run.plan.id} was scrubbed`;
    return cmd`recreate ${one.name} with its values from the store (${bare(why)})`;
  });
  return [...new Set(ways)];
}

function isOf({ name, origin }: Dependent, step: Step): boolean {
  if (step.kind === "rewrite") return step.files.some(({ file }) => file === origin);
  return step.kind === "recreate" && name === `container:${step.unit}`;
}

function inUse(dependents: readonly Dependent[], ways: readonly string[]): UnsprawlError {
  const list = dependents.map(
    ({ name, needs }) => `${name} (${needs === "runtime" ? "its runtime" : "the files of its values"})`,
  );
  return new UnsprawlError(
    "refused",
    `${list.length === 1 ? "1 container needs" : `${list.length} containers need`} unsprawl to start: ${list.join(", ")}`,
    ways.join("; "),
  );
}

async function removeInstalled(assembly: Assembly, { runtime, pods, agent }: InstalledParts): Promise<void> {
  if (runtime !== null) {
    const { uninstallRuntime } = await import("../../delivery/runtime/install.ts");
    await uninstallRuntime(await assembly.engine(), assembly.env, null);
  }
  if (pods !== null) (await podRuntime()).uninstallPodRuntime(assembly.env);
  for (const path of agent) rmSync(path, { recursive: true, force: true });
}
