import { TarParser, type TarEntry } from "./parser.ts";

/** An entry of a streamed archive. Its body must be read before the next entry is requested. */
export type StreamedEntry = TarEntry & { readonly body: () => AsyncIterable<Buffer> };

type ArchiveEvent = TarEntry | Buffer | null;

/** The entries of an archive with few large files. Throws like `TarParser`. */
export async function* tarEntries(stream: AsyncIterable<Buffer>): AsyncGenerator<StreamedEntry> {
  const chunks = stream[Symbol.asyncIterator]();
  let events: ArchiveEvent[] = [];
  let at = 0;
  const parser = new TarParser({
    entry: (entry) => (events.push(entry), true),
    data: (bytes) => void events.push(bytes),
    end: () => void events.push(null),
  });
  /** Undefined at the end of the archive. */
  const next = async (): Promise<ArchiveEvent | undefined> => {
    while (at === events.length) {
      events = [];
      at = 0;
      const { done, value } = await chunks.next();
      if (done === true) {
        parser.end();
        return undefined;
      }
      parser.write(value);
    }
    return events[at++];
  };
  try {
    for (let event = await next(); event !== undefined; event = await next()) {
      if (event === null || Buffer.isBuffer(event)) continue; // of a body that nobody read to its end
      let open = true;
      const body = async function* (): AsyncGenerator<Buffer> {
        while (open) {
          const piece = await next();
          open = Buffer.isBuffer(piece);
          if (Buffer.isBuffer(piece)) yield piece;
        }
      };
      yield { ...event, body };
    }
  } finally {
    await chunks.return?.();
  }
}
