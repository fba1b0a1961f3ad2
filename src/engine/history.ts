import type { HistoryLine } from "./types.ts";

/**
 * Converts a history from the form in an image's config (`created_by`, `comment`; oldest line first), which Podman's
 * inspect prints too. Skips anything malformed and calls `odd`. Source: OCI image-spec, config.md.
 */
export function historyLines(from: unknown, odd: () => void): HistoryLine[] {
  if (from === undefined || from === null) return [];
  if (!Array.isArray(from)) {
    odd();
    return [];
  }
  return from.map((line: unknown) => {
    const { created_by: by, comment } = (line ?? {}) as { created_by?: unknown; comment?: unknown };
    for (const one of [by, comment]) if (one !== undefined && typeof one !== "string") odd();
    return {
      ...(typeof by === "string" ? { CreatedBy: by } : {}),
      ...(typeof comment === "string" ? { Comment: comment } : {}),
    };
  });
}
