import type { SourceReading } from "../contract/source.ts";
import { imageCandidates, imageFacts } from "./candidates.ts";
import type { Engine } from "./engine.ts";
import type { ImageDoc } from "./types.ts";
import { UnsprawlError } from "../model/error.ts";
import type { SubjectRef } from "../model/subject-ref.ts";

/** One image's config and history, called by the tag that was asked for; null when it has gone since it was listed. */
export async function imageReading(
  engine: Engine,
  source: string,
  id: string,
  exposure: readonly string[],
  asked = "",
): Promise<SourceReading | null> {
  try {
    const [doc, history] = await Promise.all([engine.image(id), engine.history(id)]);
    if (doc === null) return null;
    const name = imageName(doc, asked);
    const subject = { kind: "image", name, id: doc.Id } as const;
    const candidates = imageCandidates(source, name, doc, history);
    return { kind: "subject", subject, facts: imageFacts(name, doc), candidates, exposure };
  } catch (error) {
    return unreadable(id, { kind: "subject", name: id, id }, error);
  }
}

/** What an image is called: by the tag that was asked for, else its first, else its short id. */
export function imageName({ Id, RepoTags }: ImageDoc, asked = ""): string {
  const tags = RepoTags ?? [];
  const meant = tags.find((tag) => tag === asked || tag === `${asked}:latest`);
  return meant ?? tags[0] ?? Id.replace(/^sha256:/, "").slice(0, 12);
}

/** What could not be read, as a reading: the scan goes on and says so. `subject` is what it is called. */
export function unreadable(subject: string, about: SubjectRef, error: unknown): SourceReading {
  if (error instanceof UnsprawlError) {
    return { kind: "error", subject, about, message: error.message, hint: error.hint ?? "unsprawl doctor" };
  }
  throw error;
}
