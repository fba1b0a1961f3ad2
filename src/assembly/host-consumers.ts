import type { FoundConsumers, Supplies } from "../contract/supplies.ts";
import type { DoctorCheck } from "../core/doctor.ts";
import { inOwnFolders, ownConsumers } from "../core/supply-rights.ts";
import { REFERENCE_LABEL } from "../engine/consumer-labels.ts";
import type { ListedContainer } from "../engine/engine.ts";
import { keptByRun } from "../engine/names.ts";
import { composeSources, projectContainers } from "../engine/project-containers.ts";
import { containerOf, type Consumer } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";
import type { Assembly } from "./types.ts";

export type HostConsumers = {
  readonly consumers: readonly Consumer[];
  /** The folders of those of Compose projects that this host's index has not. */
  readonly unindexed: ReadonlySet<string>;
  /** The folders of those of them that the agent does not serve without a person's word. */
  readonly unserved: ReadonlySet<string>;
  /** What cannot be used, or was not examined. */
  readonly notes: readonly DoctorCheck[];
};

/**
 * The consumers of this host's index, and those that its containers' labels and the files of their Compose projects
 * name.
 */
export async function hostConsumers(assembly: Assembly): Promise<HostConsumers> {
  const supplies = await assembly.supplies();
  const known = supplies.index.read();
  try {
    const { consumers: labelled, faults } = await assembly.consumers("docker:");
    const engine = await assembly.engine();
    const listed = await engine.containers();
    const mounted = new Set(listed.flatMap(({ Mounts = [] }) => Mounts.map(({ Source }) => Source)));
    const containers = await projectContainers(engine, supplies);
    const composed = await ofSources(assembly, composeSources(containers));
    const { consumers: own, refused } = inOwnFolders(composed.consumers, known, containers);
    const indexed = new Set(known.map(({ folder }) => folder));
    const fresh = own.filter(({ folder }) => !indexed.has(folder));
    const tools = { store: assembly.store, storeOf: assembly.storeOf, names: assembly.knownStores };
    const served = new Set((await ownConsumers(fresh, known, containers, tools)).consumers.map(({ folder }) => folder));
    const still = known.filter((one) => containerOf(one) === null || mounted.has(one.folder));
    const byFolder = new Map([...fresh, ...still, ...labelled].map((one) => [one.folder, one] as const));
    return {
      consumers: [...byFolder.values()],
      unindexed: new Set(fresh.map(({ folder }) => folder)),
      unserved: new Set(fresh.map(({ folder }) => folder).filter((folder) => !served.has(folder))),
      notes: [
        ...[...faults, ...composed.faults].map((text) => note(text, null)),
        ...refused.map(({ message, hint }) => note(message, hint)),
        ...ofEarlierVersions(listed, supplies, byFolder),
      ],
    };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || (error.code !== "unreachable" && error.code !== "denied")) throw error;
    const text = "the labels of containers could not be read: the engine does not answer";
    const none = { unindexed: new Set<string>(), unserved: new Set<string>() };
    return { consumers: known, ...none, notes: [{ name: "files", state: "unknown", text, hint: null }] };
  }
}

/** The containers that mount a folder of values of which neither they nor the index say what is in it. */
function ofEarlierVersions(
  listed: readonly ListedContainer[],
  supplies: Supplies,
  known: ReadonlyMap<string, Consumer>,
): readonly DoctorCheck[] {
  const names = listed.flatMap(({ Names: [first = ""], Labels, Mounts = [] }) => {
    const name = first.replace(/^\//, "");
    const isOdd = Mounts.some(({ Source = "" }) => supplies.mayHold(Source) && !known.has(Source));
    // What is wrong with labels has been said.
    const hasLabels = Object.keys(Labels ?? {}).some((key) => key.startsWith(REFERENCE_LABEL));
    return isOdd && !hasLabels && keptByRun(name) === null ? [name] : [];
  });
  if (names.length === 0) return [];
  const what = `moved by an earlier version: after a reboot ${names.length === 1 ? "its" : "their"} files are not written by the agent`;
  return [note(`${names.sort().join(", ")}: ${what}`, "unsprawl render --all, before the engine starts")];
}

/** What these sources say; one that cannot be read hides no other. */
async function ofSources(assembly: Assembly, sources: readonly string[]): Promise<FoundConsumers> {
  const consumers: Consumer[] = [];
  const faults: string[] = [];
  for (const source of sources) {
    try {
      const found = await assembly.consumers(source);
      consumers.push(...found.consumers);
      faults.push(...found.faults);
    } catch (error) {
      if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
      faults.push(`${source}: ${error.message}`);
    }
  }
  return { consumers, faults };
}

const note = (text: string, hint: string | null): DoctorCheck => ({ name: "files", state: "warn", text, hint });
