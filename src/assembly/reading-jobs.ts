import { consumerReaders, sources } from "../../migrations/index.ts";
import { consumerIndex } from "../core/consumer-index.ts";
import { stateDir } from "../core/journal/state.ts";
import type { SourceReading } from "../contract/source.ts";
import type { ReadingJob, ReadingJobs } from "../fast/workers/reader.ts";
import { UnsprawlError } from "../model/error.ts";
import { plainReadings } from "../fast/plain.ts";

/** What a thread does that reads what others wrote: the formats' own readers of files, and nothing else. */
export const readingJobs: ReadingJobs = {
  async *subjects({ source, what, cwd, env, options }: ReadingJob): AsyncGenerator<SourceReading> {
    const found = sources.find(({ kind }) => kind === source);
    if (found === undefined) throw none(source);
    const no = async (): Promise<never> => Promise.reject(none(source));
    const tools = { ...{ cwd, env, shared: null, note: () => undefined }, declared: async () => [] };
    const opened = await found.load({ ...tools, engine: no, registry: no, store: no, shelf: no });
    yield* plainReadings(opened.read(what, new AbortController().signal, options));
  },
  async *consumers({ source, what, cwd, env }: ReadingJob) {
    const load = Object.hasOwn(consumerReaders, source) ? consumerReaders[source] : undefined;
    if (load === undefined) throw none(source);
    const { suppliesOf } = await import("../delivery/supply.ts");
    const supplies = suppliesOf(
      env,
      consumerIndex(() => stateDir(env)),
    );
    const read = await load({
      cwd,
      env,
      mayHold: (folder) => supplies.mayHold(folder),
      engine: async () => Promise.reject(none(source)),
    });
    yield await read(what);
  },
};

const none = (source: string): UnsprawlError => new UnsprawlError("failed", `${source}: does not read files alone`);
