import { keptByRun } from "../../src/docker/names.ts";
import type { Finding } from "../../src/model/finding.ts";

/** Why a finding of an image is not taken out of its config; null when it can be. */
export function refusal(finding: Finding): { readonly reason: string; readonly hint: string | null } | null {
  const { location, name, part } = finding;
  const kept = keptByRun(location.subjectName);
  if (kept !== null) return { reason: `is kept by run ${kept} until scrub`, hint: `unsprawl scrub ${kept}` };
  if (location.where === "file")
    return {
      reason: "is in a file of a layer, which every image built on it shares",
      hint: "build without it: COPY what is needed only, RUN --mount=type=secret for what the build needs; then rotate it",
    };
  if (!["image-env", "label", "history", "build-arg"].includes(location.where))
    return {
      reason: `is in ${location.path}, which is what the image runs`,
      hint: "give the application a variable or a file for it, and build again",
    };
  if (name === "…" || /^name(?: → |$)/.test(part.path))
    return { reason: "its name holds a secret, or may", hint: "build again with another name, and rotate it" };
  return null;
}
