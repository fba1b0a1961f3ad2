import { basename, dirname } from "node:path";
import { consumerReaders } from "../../migrations/index.ts";
import type { ReferenceHolder } from "../contract/reference-holder.ts";
import type { ConsumerReader, ProjectContainer } from "../contract/supplies.ts";
import type { Engine } from "../engine/engine.ts";
import { composeSources, projectContainers } from "../engine/project-containers.ts";
import { referenceHolders } from "../engine/reference-holders.ts";
import { UnsprawlError } from "../model/error.ts";

/**
 * The containers of an engine that hold references: in their variables and labels, or in the files of their Compose
 * project, whoever migrated them. Where that project's files cannot be read, it has the names of its values.
 */
export async function allReferenceHolders(
  engine: Engine,
  { env, cwd }: { readonly env: NodeJS.ProcessEnv; readonly cwd: string },
): Promise<readonly ReferenceHolder[]> {
  const labelled = await referenceHolders(engine);
  const containers = await projectContainers(engine, { mayHold: (folder) => ofService(folder) !== null });
  const read = await consumerReaders["compose"]?.({ engine: async () => engine, env, cwd, mayHold: () => true });
  if (read === undefined) return labelled;
  // One project has many containers; reading it may take seconds.
  const projects = new Map<string, ReturnType<ConsumerReader>>();
  const readOnce: ConsumerReader = async (what) => {
    const found = projects.get(what) ?? read(what);
    projects.set(what, found);
    return found;
  };
  const composed = await Promise.all(containers.map(async (one) => holderOf(one, readOnce)));
  return [...labelled, ...composed.filter(({ references, unread = [] }) => references.length + unread.length > 0)];
}

async function holderOf(container: ProjectContainer, read: ConsumerReader): Promise<ReferenceHolder> {
  const { name, project, mounts } = container;
  const files = mounts.filter((mount) => ofService(dirname(mount)) !== null);
  const own = new Set(files.map((file) => ofService(dirname(file))));
  const [source = ""] = composeSources([container]);
  try {
    const { consumers } = await read(source.slice(source.indexOf(":") + 1));
    const values = consumers.filter(({ folder }) => own.has(ofService(folder))).flatMap((one) => one.values);
    const references = values.map(({ reference }) => reference);
    return { name, project, references, mounted: references };
  } catch (error) {
    if (!(error instanceof UnsprawlError) || error.code === "interrupted") throw error;
    return { name, project, references: [], unread: files.map((file) => basename(file)) };
  }
}

/** The project and the service that a folder of values is for, in whichever user's folder for values it is. */
function ofService(folder: string): string | null {
  return /\/compose\/([^/]+\/[^/]+)$/.exec(folder)?.[1] ?? null;
}
