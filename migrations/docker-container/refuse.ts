import { composeProject, ownLabels } from "../../src/engine/labels.ts";
import type { ContainerDoc, ImageDoc } from "../../src/engine/types.ts";
import { isOfPlatform, platformRefusal } from "../../src/engine/platforms.ts";
import { bare, cmd } from "../../src/kit/shell.ts";
import { nameMayHoldSecret, type Finding } from "../../src/model/finding.ts";
import { placeWords } from "../../src/model/place-words.ts";
import type { Refusal } from "../../src/model/plan.ts";

/** Why a finding cannot be moved by recreating its container; null if it can. */
export function refusal(
  finding: Finding,
  doc: ContainerDoc | null,
  image: ImageDoc | null,
  accept: ReadonlySet<string>,
): Refusal | null {
  const { location } = finding;
  if (location.origin === "image" || location.subject === "image") {
    return {
      reason: "is in the image's config, which recreating a container cannot change",
      hint: hintFor(finding, doc),
    };
  }
  // Another format may take it.
  if (location.subject !== "container" || !location.source.startsWith("docker:")) return null;
  if (location.where !== "env") {
    return {
      reason: `is in its ${placeWords(location)}, not in a variable`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  }
  if (nameMayHoldSecret(finding)) {
    return {
      reason: "its variable's name holds a secret, or may",
      hint: "start the container with NAME=VALUE in its place, then scan again",
    };
  }
  if (doc === null) return { reason: "its container is gone", hint: "unsprawl scan again" };
  // An image can have any label.
  const labels = ownLabels(doc, image);
  const service = labels["com.docker.swarm.service.name"];
  if (service !== undefined || labels["io.kubernetes.pod.name"]) {
    return {
      reason: "its container belongs to an orchestrator, which would recreate it as it was",
      hint:
        service === undefined
          ? "move it in the pod's own definition"
          : cmd`unsprawl plan swarm:${service} --to STORE moves it in the service`,
    };
  }
  const unit = labels["PODMAN_SYSTEMD_UNIT"];
  if (unit !== undefined)
    return {
      reason: `its container belongs to ${unit}, which creates it again as it was at each start`,
      hint: "unsprawl plan systemd: --to STORE moves it in the unit",
    };
  const platform = platformRefusal("container", labels, accept);
  if (platform !== null) return platform;
  const project = isOfPlatform(labels) ? null : composeProject(doc, image);
  if (project !== null && !accept.has("compose")) {
    const file = labels["com.docker.compose.project.config_files"] ?? "its Compose file";
    return {
      reason: `its container is managed by Compose (project ${project}): the next \`compose up\` would bring the value back from ${file}`,
      hint: "--accept compose moves it anyway; then remove it from the file",
    };
  }
  if (doc.HostConfig.AutoRemove && doc.State.Running && !accept.has("rm")) {
    return {
      reason:
        "its container was started with --rm: stopping it deletes it, and only a copy of it could be rolled back to",
      hint: "--accept rm moves it anyway; or start it without --rm, then plan again",
    };
  }
  return null;
}

function hintFor({ location }: Finding, doc: ContainerDoc | null): string {
  const image = location.subject === "image" ? location.subjectName : (doc?.Config.Image ?? "REF");
  const clean = cmd`unsprawl migrate image:${image} --to STORE takes it out of the image`;
  if (location.source.startsWith("archive:"))
    return cmd`docker load -i ${location.source.slice("archive:".length)}; then: ${bare(clean)}; docker save writes it again`;
  return cmd`${bare(clean)}; then recreate the container from it, and rotate it`;
}
