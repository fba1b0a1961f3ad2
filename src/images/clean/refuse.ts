import { keptByRun } from "../../engine/names.ts";
import { cmd } from "../../kit/shell.ts";
import { earlierRole } from "../../model/earlier-place.ts";
import { fieldRole } from "../../model/place.ts";
import { nameMayHoldSecret, type Finding } from "../../model/finding.ts";
import type { Location } from "../../model/location.ts";

/** Why a finding of an image cannot be removed from its config; null if it can. */
export function refusal(finding: Finding): { readonly reason: string; readonly hint: string | null } | null {
  const { location, name, part } = finding;
  const kept = keptByRun(location.subjectName);
  if (kept !== null) return { reason: `is kept by run ${kept} until scrub`, hint: cmd`unsprawl scrub ${kept}` };
  if (location.where === "file")
    return {
      reason: "is in a file of a layer, which cannot change without a build, and which a later layer only hides",
      hint: withoutFile(location),
    };
  const role = fieldRole(location.place);
  if (role === "attestation")
    return {
      reason: "is in an attestation, which belongs to one digest and cannot be changed",
      hint: "move what the image itself holds; build with --provenance=mode=min",
    };
  if (
    role !== "manifest" &&
    !isBuilders(location) &&
    !["image-env", "label", "history", "build-arg"].includes(location.where)
  )
    return {
      reason: `is in ${location.path}, which is what the image runs`,
      hint: "give the application a variable or a file for it, and build again",
    };
  if (nameMayHoldSecret({ name, part }))
    return { reason: "its name holds a secret, or may", hint: "build again with another name, and rotate it" };
  return null;
}

/** What an older builder recorded about its container: it shows how the image was made, and nothing runs it. */
export function isBuilders({ place, path }: Location): boolean {
  return (fieldRole(place) ?? earlierRole(path)) === "builder";
}

/** A patch for the Dockerfile, which is not available here: for build-time secrets, and for run-time secrets. */
function withoutFile({ place }: Location): string {
  const file = place?.kind === "text" || place?.kind === "line" ? (place.file ?? "") : "";
  const id = (file.split("/").at(-1) ?? "").replace(/^\W+|[^\w.-]/g, "") || "secret";
  return [
    "build without it, and rotate it; in the Dockerfile:",
    `-COPY … ${file}`,
    `-RUN COMMAND; RUN rm ${file}`,
    `+RUN --mount=type=secret,id=${id},target=${file} COMMAND`,
    cmd`docker build --secret id=${id},src=FILE; or use a separate stage, FROM … AS build, and copy only the result with COPY --from=build RESULT`,
  ].join("\n");
}
