import type { Assembly } from "../assembly/index.ts";
import { hostConsumers } from "../assembly/host-consumers.ts";
import type { Provider } from "../contract/provider.ts";
import { agentState } from "../core/agent-state.ts";
import { agentCheck, consumerChecks, consumerName } from "../core/consumer-checks.ts";
import { notChecked, runChecks, type DoctorCheck, type DoctorProbe } from "../core/doctor.ts";
import { keyChecks, runKeys } from "../core/key-checks.ts";
import { readJournal } from "../core/journal/journal.ts";
import { unitState, type RunSummary } from "../core/journal/runs.ts";
import { rotationChecks } from "../core/rotation-text.ts";
import { rotations } from "../core/rotation.ts";
import { swapNames } from "../engine/names.ts";
import { once } from "../kit/once.ts";
import { UnsprawlError } from "../model/error.ts";
import { imageChecks } from "./image-checks.ts";
import { rotationTools } from "./run-tools.ts";

/** The engine, what containers of this host need, and what runs have left. */
export async function hostProbes(assembly: Assembly): Promise<readonly DoctorProbe[]> {
  const found = once(async () => hostConsumers(assembly));
  const kept = once(async () => keptNames(assembly));
  const keys = once(async () => runKeys(assembly.installation(), assembly.storeOf));
  return [
    { name: "engine", look: async () => engineText(assembly) },
    { name: "moving", look: async () => (await import("./moving-checks.ts")).movingChecks(assembly) },
    { name: "memory", look: async () => memoryText(assembly) },
    { name: "runtime", look: async () => runtimeChecks(assembly) },
    { name: "files", look: async () => filesChecks(assembly, await found()) },
    {
      name: "runs",
      look: async () => {
        const names = await kept();
        return runChecks(assembly.installation(), (run) => isKept(assembly, run, names));
      },
    },
    { name: "images", look: async () => imageChecks(assembly) },
    { name: "key", look: async () => keyChecks(await keys()) },
    { name: "rotation", look: async () => movedChecks(assembly, (await found()).consumers, await keys()) },
  ];
}

async function engineText(assembly: Assembly): Promise<string> {
  const engine = await assembly.engine();
  const info = await engine.info();
  return `${info.OperatingSystem ?? "engine"}, version ${info.ServerVersion ?? "?"}, at ${engine.connection.address}`;
}

async function memoryText({ env }: Assembly): Promise<string> {
  return `files with values are written to ${(await import("../delivery/tmpfs.ts")).memoryRoot(env)} (tmpfs)`;
}

type HostFound = Awaited<ReturnType<typeof hostConsumers>>;

async function filesChecks(assembly: Assembly, found: HostFound): Promise<readonly DoctorCheck[]> {
  const { consumers, notes, unindexed, unserved } = found;
  const supplies = await assembly.supplies();
  // Where all that was found is out of the ordinary, nothing is well.
  if (consumers.length === 0 && notes.length > 0) return notes;
  const isRunning = Object.values(agentState(assembly.state(), assembly.env)).includes(true);
  return [
    ...consumerChecks(consumers, (folder, name) => supplies.read(folder, name) !== null, { unindexed, unserved }),
    ...notes,
    agentCheck(consumers, isRunning),
  ];
}

/** Whether what was moved is rotated; not checked for stores whose key is gone. */
async function movedChecks(
  assembly: Assembly,
  consumers: HostFound["consumers"],
  keys: Awaited<ReturnType<typeof runKeys>>,
): Promise<readonly DoctorCheck[]> {
  const used = consumers.flatMap((one) => one.values.map(({ reference }) => [reference, consumerName(one)] as const));
  const lost = new Set(keys.flatMap(({ isThere, store }) => (isThere ? [] : [store])));
  const moved = await rotations(rotationTools(assembly));
  const closed = moved.filter(({ rotation, store }) => rotation === "unknown" && lost.has(store));
  const rest = moved.filter((one) => !closed.includes(one));
  return [
    ...(rest.length > 0 || closed.length === 0 ? rotationChecks(rest, new Map(used), new Date()) : []),
    ...(closed.length === 0 ? [] : [notChecked("rotation", "key")]),
  ];
}

/** The configured stores. Other stores that runs of this host have used are asked for the values moved there. */
export async function storeProbes(assembly: Assembly): Promise<readonly DoctorProbe[]> {
  return (await assembly.storeNames()).map((name) => ({
    name: `store ${name}`,
    look: async () => {
      const provider = await assembly.store(name);
      const tried = await provider.check();
      const failed = tried.filter(({ ok }) => !ok);
      if (failed.some(({ right }) => right === "authenticate") && (await lacksKnownKey(provider, assembly)))
        return [notChecked(`store ${name}`, "key")];
      const rights = tried.map(({ right }) => right).join(", ");
      if (failed.length === 0) return `${tried[0]?.text ?? "it answers"}: ${rights} work`;
      return failed.map(({ right, text, hint }): DoctorCheck => ({
        ...{ name: `store ${name}`, state: "fail", text: `${right}: ${text}`, hint },
      }));
    },
  }));
}

/** Whether the store lacks a key that runs need, which is a problem described already. */
async function lacksKnownKey(provider: Provider, assembly: Assembly): Promise<boolean> {
  const place = provider.key({ subject: "x", project: "x", name: "X" });
  const [own] = (await provider.keyFiles?.([place])) ?? [];
  const keys = await runKeys(assembly.installation(), assembly.storeOf);
  return keys.some(({ file, isThere }) => !isThere && file === own?.file);
}

async function runtimeChecks(assembly: Assembly): Promise<string | readonly DoctorCheck[]> {
  const { runtimeStatus } = await import("../delivery/runtime/status.ts");
  const { openStore } = await import("../assembly/open-store.ts");
  const status = await runtimeStatus(await assembly.engine(), assembly.env, openStore);
  if (!status.installed && !status.registered)
    return "the OCI runtime is not installed; delivery by file or shim does not need it";
  return status.lines.map(({ ok, text, hint }) => ({ name: "runtime", state: ok ? "ok" : "fail", text, hint }));
}

/** The names of the engine's containers; null while it does not answer. */
async function keptNames(assembly: Assembly): Promise<ReadonlySet<string> | null> {
  try {
    const containers = await (await assembly.engine()).containers();
    return new Set(containers.flatMap(({ Names }) => Names.map((name) => name.replace(/^\//, ""))));
  } catch (error) {
    if (error instanceof UnsprawlError) return null;
    throw error;
  }
}

/** Whether the old containers of a finished run still exist; true for a run that kept none, null if unknown. */
function isKept(assembly: Assembly, { run }: RunSummary, names: ReadonlySet<string> | null): boolean | null {
  const { plan, receipts } = readJournal(assembly.installation(), run);
  // One that was put back, or never begun, has kept nothing.
  const kept = plan.steps.flatMap((step) =>
    step.kind === "recreate" && step.subject.name === step.unit && unitState(receipts, step.unit) === "done"
      ? [swapNames(step.unit, run).kept]
      : [],
  );
  if (kept.length === 0) return true;
  return names === null ? null : kept.every((name) => names.has(name));
}
