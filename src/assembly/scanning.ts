import { declaredReaders, sources as formatSources, storeSource } from "../../migrations/index.ts";
import type { Config } from "../core/config/config.ts";
import { ignorer } from "../core/config/ignore.ts";
import { mustHaveKnownKeys } from "../core/config/shape.ts";
import { mustBeTrusted, untrustedIn } from "../core/config/untrusted.ts";
import type { Verify } from "../core/liveness.ts";
import { detectionSettings, progressUnder, type Keep } from "../core/scan-progress.ts";
import type { FastSource } from "../fast/index.ts";
import { inspectFast } from "../fast/lane.ts";
import type { WorkerPool } from "../fast/pool.ts";
import { keptByRun } from "../engine/names.ts";
import type { ReadApart } from "../sources/index.ts";
import { once } from "../kit/once.ts";
import { cmd } from "../kit/shell.ts";
import type { Basis } from "./basis.ts";
import type { Assembly } from "./types.ts";
import type { ScanTools } from "../core/scan-tools.ts";

type Stores = Pick<Assembly, "store" | "knownStores">;

/** Detection as the configuration tunes it, the sources, and both together for a scan. */
export function scanningOf(
  basis: Basis,
  stores: Stores,
): Pick<Assembly, "detector" | "ownRules" | "sources" | "scanTools"> {
  const { config, shared } = basis;
  const detector =
    shared.detector ??
    once(async () => {
      const [{ tuning }, { detectorFor }] = await Promise.all([config(), import("../detect/index.ts")]);
      return detectorFor(tuning);
    });
  // Read once more for what people should know of their files; the detector keeps its own.
  const ownRules = once(async () => {
    const { tuning } = await config();
    return tuning.ruleSets.length === 0 ? null : (await import("../detect/index.ts")).ownRules(tuning);
  });
  const sourceNotes = new Set<string>();
  const sources = once(() => openSources(basis, stores, (text) => sourceNotes.add(text)));
  return {
    detector,
    ownRules,
    sources,
    scanTools: async (verify, keep) => {
      const { tuning, untrusted, endpoints } = await config();
      if (verify) mustBeTrusted(untrusted, "verify");
      const ignore = ignorer(tuning.ignore, new Date());
      return {
        sources: await sources(),
        inspect: inspectFast({
          detector,
          tuned: tuning.ruleSets.length + tuning.off.size + tuning.severity.size + tuning.ignore.length > 0,
          pool: () => openThreads(tuning),
        }),
        key: basis.key(),
        know: (value, whole) => basis.redactor.know(value, whole),
        keptBy,
        isOwnCopy: await ownCopies(basis.state()),
        verify: verify ? await verifier(endpoints, basis.env) : null,
        ignoredBy: ignore.by,
        rotation: async () => (await import("../detect/rotation/index.ts")).rotationFor,
        ...(keep && { progress: await progress(basis, tuning, keep) }),
        notes: async () => [...ignore.notes(), ...((await ownRules())?.notes ?? []), ...sourceNotes],
      };
    },
  };
}

async function openThreads(tuning: Config["tuning"]): Promise<WorkerPool> {
  const [{ openPool }, { inspectReading }] = await Promise.all([
    import("../fast/workers/pool.ts"),
    import("../sources/inspect-file.ts"),
  ]);
  return openPool(tuning, inspectReading);
}

const rules = async () => (await import("../detect/index.ts")).rules;

async function openSources(
  { env, cwd, engine, registry, config, key, shared }: Basis,
  { store, knownStores }: Stores,
  note: (text: string) => void,
): Promise<readonly FastSource[]> {
  const settings = async () => detectionSettings({ tuning: (await config()).tuning, rules, key: key() });
  const layers = shared.layers ? { shelf: shared.layers(await settings()), key: key() } : null;
  // A store that is named but not trusted reports it.
  const names = [...(await knownStores()), ...untrustedIn("stores", (await config()).untrusted)];
  const { allSources } = await import("../sources/index.ts");
  const apart: ReadApart = async function* (source, what, signal, options) {
    const { subjectsApart } = await import("../fast/workers/apart.ts");
    yield* subjectsApart({ kind: "subjects", source, what, cwd, env: { ...env }, options }, signal);
  };
  const tools = { env, cwd, engine, registry, note, store, declared: declaredReaders, apart, shared: layers };
  return allSources(tools, formatSources, { names, read: storeSource });
}

async function progress(
  { state, key }: Basis,
  tuning: Config["tuning"],
  keep: Keep,
): Promise<NonNullable<ScanTools["progress"]>> {
  return progressUnder({ state: state(), tuning, rules, key: key() }, keep);
}

function keptBy(name: string): string | null {
  const run = keptByRun(name);
  return run === null ? null : cmd`kept by run ${run} for rollback: unsprawl scrub ${run}`;
}

/** Whether a run of this installation keeps a subject of this name. Any other may be called what it likes, to hide. */
async function ownCopies(state: string): Promise<(name: string) => boolean> {
  const { runIds } = await import("../core/journal/journal.ts");
  const runs = new Set(runIds(state));
  return (name) => runs.has(keptByRun(name) ?? "");
}

/** Asks vendors and databases, ten seconds a question at most. Throws `config` for an endpoint of an unknown vendor. */
async function verifier(endpoints: Config["endpoints"], env: NodeJS.ProcessEnv): Promise<Verify> {
  const { ENDPOINTS, verifyAll } = await import("../verify/index.ts");
  mustHaveKnownKeys(endpoints, ENDPOINTS, "the configuration", "verify.endpoints.");
  const options = { timeoutMs: 10_000, concurrency: 8, endpoints, env };
  return (items, signal, told) => verifyAll(items, options, signal, told);
}
