import type { Assembly } from "../assembly/index.ts";
import type { FoundConsumers } from "../contract/supplies.ts";
import type { DoctorCheck } from "../core/doctor.ts";
import { inOwnFolders, ownConsumers } from "../core/supply-rights.ts";
import { composeSources, projectContainers } from "../engine/project-containers.ts";
import type { Consumer } from "../model/consumer.ts";
import { UnsprawlError } from "../model/error.ts";

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
    const mounted = new Set(
      (await engine.containers()).flatMap(({ Mounts = [] }) => Mounts.map(({ Source }) => Source)),
    );
    const containers = await projectContainers(engine, supplies);
    const composed = await ofSources(assembly, composeSources(containers));
    const { consumers: own, refused } = inOwnFolders(composed.consumers, known, containers);
    const indexed = new Set(known.map(({ folder }) => folder));
    const fresh = own.filter(({ folder }) => !indexed.has(folder));
    const tools = { store: assembly.store, storeOf: assembly.storeOf, names: assembly.knownStores };
    const served = new Set((await ownConsumers(fresh, known, containers, tools)).consumers.map(({ folder }) => folder));
    const still = known.filter(({ id, folder }) => !id.startsWith("container:") || mounted.has(folder));
    const byFolder = new Map([...fresh, ...still, ...labelled].map((one) => [one.folder, one] as const));
    return {
      consumers: [...byFolder.values()],
      unindexed: new Set(fresh.map(({ folder }) => folder)),
      unserved: new Set(fresh.map(({ folder }) => folder).filter((folder) => !served.has(folder))),
      notes: [
        ...[...faults, ...composed.faults].map((text) => note(text, null)),
        ...refused.map(({ message, hint }) => note(message, hint)),
      ],
    };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || (error.code !== "unreachable" && error.code !== "denied")) throw error;
    const text = "the labels of containers could not be read: the engine does not answer";
    const none = { unindexed: new Set<string>(), unserved: new Set<string>() };
    return { consumers: known, ...none, notes: [{ name: "files", state: "unknown", text, hint: null }] };
  }
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
