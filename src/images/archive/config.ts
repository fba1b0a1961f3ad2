import { createHash } from "node:crypto";
import type { SourceReading } from "../../contract/source.ts";
import { imageCandidates, imageFacts } from "../../engine/candidates.ts";
import { historyLines } from "../../engine/history.ts";
import type { ImageDoc } from "../../engine/types.ts";
import type { Subject, SubjectFacts } from "../../model/location.ts";
import { blobNameDigest, type ArchiveImage } from "./manifest.ts";

/** The readings of an image's config, and the digests of its layers' contents. */
export type ConfigRead = {
  readonly subject: Subject;
  readonly facts: SubjectFacts;
  readonly readings: readonly SourceReading[];
  readonly diffIds: readonly string[];
};

/**
 * Reads an image's config: the same values, at the same places, as `image:` reads from an engine. Any form is read as
 * far as possible; the rest is reported. Source: OCI image-spec, config.md.
 */
export function readConfig(
  source: string,
  { name, tags, config: file }: Pick<ArchiveImage, "name" | "tags" | "config">,
  bytes: Buffer | null,
  exposure: readonly string[],
): ConfigRead {
  const id = bytes === null ? file : `sha256:${createHash("sha256").update(bytes).digest("hex")}`;
  const subject = { kind: "image", name, id } as const;
  const config = bytes === null ? null : parsed(bytes);
  if (config === null) {
    const message = bytes === null ? "its config is missing" : "its config is not a JSON object";
    return { subject, facts: imageFacts(name, { Id: id }), readings: [error(subject, message)], diffIds: [] };
  }
  const odd = new Set<string>();
  const doc = { Id: id, RepoTags: tags, Config: config["config"] } as unknown as ImageDoc;
  // As the engine lists them: the newest first.
  const history = historyLines(config["history"], () => odd.add("history")).reverse();
  const candidates = imageCandidates(source, name, doc, history, (path) => odd.add(path));
  const facts = imageFacts(name, doc);
  const readings: SourceReading[] = [{ kind: "subject", subject, facts, candidates, exposure }];
  const rootfs = (config["rootfs"] ?? {}) as { diff_ids?: unknown };
  const diffIds = Array.isArray(rootfs.diff_ids) ? rootfs.diff_ids.filter((one) => typeof one === "string") : [];
  if (rootfs.diff_ids !== undefined && !Array.isArray(rootfs.diff_ids)) odd.add("rootfs.diff_ids");
  if (odd.size > 0)
    readings.push(error(subject, `part of its config does not have the expected form: ${[...odd].join(", ")}`));
  const said = blobNameDigest(file);
  if (said?.startsWith("sha256:") === true && said !== id)
    readings.push(error(subject, "its config does not match its digest"));
  return { subject, facts, readings, diffIds };
}

function error({ name, id }: Subject, message: string): SourceReading {
  const about = { kind: "subject", name, id } as const;
  return { kind: "error", subject: name, about, message, hint: "save the image again" };
}

function parsed(bytes: Buffer): { readonly [key: string]: unknown } | null {
  try {
    const found: unknown = JSON.parse(bytes.toString("utf8"));
    return typeof found === "object" && found !== null && !Array.isArray(found)
      ? (found as { [key: string]: unknown })
      : null;
  } catch {
    return null;
  }
}
