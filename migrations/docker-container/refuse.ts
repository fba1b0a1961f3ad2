import type { Engine } from "../../src/docker/engine.ts";
import { nameOf } from "../../src/docker/names.ts";
import type { ContainerDoc } from "../../src/docker/types.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import type { Finding } from "../../src/model/finding.ts";
import type { Move } from "../../src/model/plan.ts";
import { traces } from "../../src/docker/traces.ts";
import { variable, type Facts } from "../../src/docker/facts.ts";

type Refusal = { readonly reason: string; readonly hint: string | null };

/** Why a finding is not moved by creating its container again; null when it can be. */
export function refusal(finding: Finding, doc: ContainerDoc | null, accept: ReadonlySet<string>): Refusal | null {
  const { location } = finding;
  if (location.origin === "image" || location.subject === "image") {
    return {
      reason: "is in the image's own config, which creating a container again cannot change",
      hint: "take it out of the Dockerfile, build again, and rotate it",
    };
  }
  if (location.subject !== "container" || !location.source.startsWith("docker:")) {
    return { reason: "is not in a container of this engine", hint: "unsprawl plan docker: --to STORE" };
  }
  if (location.where !== "env") {
    return {
      reason: `is in ${location.path}, not in a variable`,
      hint: "give the application a variable or a file for it, then scan again",
    };
  }
  if (finding.name === "…" || /^name(?: → |$)/.test(finding.part.path)) {
    return {
      reason: "its variable's name holds a secret, or may",
      hint: "start the container with NAME=VALUE in its place, then scan again",
    };
  }
  if (doc === null) return { reason: "its container is gone", hint: "unsprawl scan again" };
  const labels = doc.Config.Labels ?? {};
  if (labels["com.docker.swarm.task.id"] || labels["io.kubernetes.pod.name"]) {
    return {
      reason: "its container belongs to an orchestrator, which would create it again as it was",
      hint: "move it in the service's or pod's own definition",
    };
  }
  const project = labels["com.docker.compose.project"];
  if (project !== undefined && !accept.has("compose")) {
    const file = labels["com.docker.compose.project.config_files"] ?? "its Compose file";
    return {
      reason: `its container is managed by Compose (project ${project}): the next \`compose up\` would bring the value back from ${file}`,
      hint: "--accept compose moves it all the same; then take it out of the file",
    };
  }
  if (doc.State.Restarting) {
    return {
      reason: "its container ends and is started over and over, so nothing could be proven of the new one",
      hint: "repair it, or docker stop it, then plan again",
    };
  }
  if (doc.HostConfig.AutoRemove) {
    return {
      reason: "its container was started with --rm: stopping it would delete it, and nothing could be rolled back",
      hint: "start it without --rm, then plan again",
    };
  }
  return null;
}

/** What creating a container again cannot keep, and what to know before. */
export async function warningsFor(
  engine: Engine,
  { doc, image }: Facts,
  moves: readonly Move[],
  accept: ReadonlySet<string>,
  runId: string,
): Promise<string[]> {
  const warnings: string[] = [];
  const random = Object.entries(doc.HostConfig.PortBindings ?? {}).filter(([, bound]) =>
    bound?.some((one) => !one.HostPort || one.HostPort === "0"),
  );
  if (random.length > 0)
    warnings.push(
      `the host port of ${random.map(([port]) => port).join(", ")} is chosen by the engine and will be another one`,
    );
  const changes = await engine.call(
    "changes",
    async () => (await engine.docker()).getContainer(doc.Id).changes() as Promise<unknown[] | null>,
  );
  const written = Array.isArray(changes) ? changes.length : 0;
  if (written > 0)
    warnings.push(
      `${written} files changed in the container's own layer stay with the old container (kept until scrub)`,
    );
  const sharers = await sharersOf(engine, doc, runId);
  if (sharers.length > 0 && !accept.has("sharers")) {
    throw new UnsprawlError(
      "refused",
      `${sharers.join(", ")} share the namespaces or volumes of ${nameOf(doc)}, or are linked to it, and would lose that when it is created again`,
      "--accept sharers moves it all the same; restart them afterwards",
    );
  }
  if (sharers.length > 0)
    warnings.push(
      `${sharers.join(", ")} share this container's namespaces or volumes and must be restarted by hand afterwards`,
    );
  for (const { name } of moves) {
    const value = variable(doc, name);
    const inImage = value ? traces(image, value) : [];
    if (inImage.length > 0)
      warnings.push(`the image itself also holds the value of ${name} (${inImage[0] ?? ""}): rotate it`);
  }
  return warnings;
}

/** What each container shares, read once for a plan: a plan of many would inspect all of them for each. */
type Sharing = readonly { readonly id: string; readonly name: string; readonly shares: readonly string[] }[];

const sharing = new WeakMap<Engine, { readonly runId: string; readonly read: Promise<Sharing> }>();

async function sharersOf(engine: Engine, doc: ContainerDoc, runId: string): Promise<string[]> {
  const known = sharing.get(engine);
  const read = known?.runId === runId ? known.read : readSharing(engine);
  sharing.set(engine, { runId, read });
  const mine = [doc.Id, nameOf(doc)].flatMap((me) => [`container:${me}`, `volumes:${me}`, `links:${me}`]);
  return (await read)
    .filter((other) => other.id !== doc.Id && other.shares.some((one) => mine.includes(one)))
    .map((other) => other.name);
}

async function readSharing(engine: Engine): Promise<Sharing> {
  const all: { id: string; name: string; shares: string[] }[] = [];
  for (const listed of await engine.containers()) {
    const other = await engine.container(listed.Id);
    if (other === null) continue;
    const { NetworkMode = "", IpcMode = "", PidMode = "", VolumesFrom, Links } = other.HostConfig;
    const volumes = (VolumesFrom ?? []).map((one) => `volumes:${one.split(":")[0] ?? ""}`);
    const links = (Links ?? []).map((one) => `links:${(one.split(":")[0] ?? "").replace(/^\//, "")}`);
    all.push({ id: other.Id, name: nameOf(other), shares: [NetworkMode, IpcMode, PidMode, ...volumes, ...links] });
  }
  return all;
}
