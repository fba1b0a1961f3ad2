import type { SourceReading } from "../contract/source.ts";
import { imageCandidates, imageFacts } from "./candidates.ts";
import type { Engine } from "./engine.ts";
import type { ImageDoc } from "./types.ts";
import { subjectFault } from "../model/error.ts";
import type { SubjectRef } from "../model/subject-ref.ts";

/** An image's config and history, named by the requested tag; null if it was removed since it was listed. */
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
    return errorReading(id, { kind: "subject", name: id, id }, error);
  }
}

/** An image's name: the requested tag, otherwise its first tag, otherwise its short id. */
export function imageName({ Id, RepoTags }: ImageDoc, asked = ""): string {
  const tags = RepoTags ?? [];
  const meant = tags.find((tag) => tag === asked || tag === `${asked}:latest`);
  return meant ?? tags[0] ?? Id.replace(/^sha256:/, "").slice(0, 12);
}

/** An error of any kind as a reading, so that the scan continues and reports it. `subject` is the name to show. */
export function errorReading(subject: string, about: SubjectRef, error: unknown): SourceReading {
  const { message, hint } = subjectFault(error);
  return { kind: "error", subject, about, message, hint: hint ?? "unsprawl doctor" };
}
