import { realpathSync, statSync } from "node:fs";
import { resolve } from "node:path";
import type { ProjectCall } from "./engine/cli.ts";
import { envFilesOf, outerOf, parseGiven } from "./syntax/given.ts";
import { loadProject, type ComposeProject, type ProjectInput } from "./syntax/project.ts";
import type { Engine } from "../../src/engine/engine.ts";
import { composeLabelsOf } from "../../src/engine/labels.ts";
import { keptByRun } from "../../src/engine/names.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import type { Finding } from "../../src/model/finding.ts";
import { serviceRefOf, type ServiceRef } from "../../src/model/service-ref.ts";
import { writableFolders, volumeAt } from "./engine/places.ts";
import { realOrSame } from "../../src/kit/io/real.ts";

/** The Compose project and service that a finding belongs to. */
export type ServiceOfFinding = { readonly call: ProjectCall; readonly service: string };

/**
 * The project and service of a finding: from the labels that Compose set on a container (if the files they name are on
 * this host and not in a container's volume), or from the scanned file. Null if it belongs to no Compose project.
 */
export async function serviceOfFinding(
  { location }: Pick<Finding, "location">,
  engine: Engine,
  env: NodeJS.ProcessEnv,
): Promise<ServiceOfFinding | null> {
  const declared = location.source.startsWith("compose:") ? serviceRefOf(location) : null;
  if (declared !== null) {
    // Identifying the project requires no credential.
    const project = await loadProject({ ...declaredIn(declared, env), env: childEnvironment(env) });
    return { call: projectCall(project), service: declared.service };
  }
  if (location.subject !== "container" || !location.source.startsWith("docker:")) return null;
  const doc = await engine.container(location.subjectId);
  return doc === null || keptByRun(location.subjectName) !== null ? null : ofLabels(engine, doc, env);
}

/** The input by which the project of a scanned service is loaded. */
export function declaredIn({ file }: ServiceRef, env: NodeJS.ProcessEnv): Omit<ProjectInput, "env"> {
  return { ...parseGiven(file), dir: null, name: null, envFiles: envFilesOf(env) };
}

async function ofLabels(engine: Engine, doc: ContainerDoc, env: NodeJS.ProcessEnv): Promise<ServiceOfFinding | null> {
  const labels = await composeLabelsOf(engine, doc);
  if (labels === null || labels["oneoff"] === "True") return null;
  const { name, dir, files, envFiles, service } = said(labels);
  if (!isThere(dir, false) || ![...files, ...envFiles].every((file) => isThere(file, true))) return null;
  const mounts = await writableFolders(engine);
  if ([dir, ...files, ...envFiles].some((path) => volumeAt(path, mounts) !== null)) return null;
  const above = envFiles.length === 0 && files.length > 0 ? await outerOf(files, env) : null;
  const outer = above !== null && volumeAt(above, mounts) === null ? above : null;
  return { call: { name, dir, files, envFiles, outer, profiles: [] }, service };
}

type LabelledCall = Omit<ProjectCall, "profiles" | "outer">;

/** The values of Compose's labels: docker/compose `pkg/api/labels.go`. */
function said(labels: { readonly [name: string]: string }): LabelledCall & { readonly service: string } {
  const list = (name: string): string[] => (labels[name] ?? "").split(",").filter(Boolean);
  return {
    name: labels["project"] ?? "",
    service: labels["service"] ?? "",
    dir: labels["project.working_dir"] ?? "",
    files: list("project.config_files"),
    envFiles: list("project.environment_file"),
  };
}

/** The arguments for calling Compose on a project. Includes every profile, so that all services are visible. */
export function projectCall({ name, dir, given, givenEnv, outer, services }: ComposeProject): ProjectCall {
  const profiles = [...new Set([...services.values()].flatMap((service) => service.profiles))].sort();
  return { name, dir, files: given, envFiles: givenEnv, outer, profiles };
}

export async function projectOf(call: ProjectCall, env: NodeJS.ProcessEnv): Promise<ComposeProject> {
  const { files, dir, name, envFiles, outer } = call;
  return loadProject({ files, dir, name, envFiles, outer, env });
}

/** A service's containers: created by Compose from these very files, or from others under the same project name. */
export type ProjectContainers = { readonly own: readonly ContainerDoc[]; readonly others: readonly ContainerDoc[] };

/**
 * The containers of a project's service, running or not, ordered by replica number. A project's name proves nothing:
 * only containers that Compose created from this call's files in its folder are its own.
 */
export async function membersOf(engine: Engine, call: ProjectCall, service: string): Promise<ProjectContainers> {
  const listed = (await engine.containers()).filter(
    ({ Labels = {} }) =>
      Labels["com.docker.compose.project"] === call.name && Labels["com.docker.compose.service"] === service,
  );
  const found: { doc: ContainerDoc; number: number; own: boolean }[] = [];
  for (const { Id } of listed) {
    const doc = await engine.container(Id);
    const labels = await composeLabelsOf(engine, doc);
    if (doc === null || labels === null || labels["oneoff"] === "True") continue;
    found.push({ doc, number: replicaNumber(doc), own: isFrom(said(labels), call) });
  }
  found.sort((a, b) => a.number - b.number);
  const docs = (own: boolean): ContainerDoc[] => found.filter((one) => one.own === own).map(({ doc }) => doc);
  return { own: docs(true), others: docs(false) };
}

export async function containersOf(
  engine: Engine,
  call: ProjectCall,
  service: string,
): Promise<readonly ContainerDoc[]> {
  return (await membersOf(engine, call, service)).own;
}

/** Those of the services that have containers, running or not. */
export async function servicesWithContainers(
  engine: Engine,
  call: ProjectCall,
  services: readonly string[],
): Promise<string[]> {
  const found: string[] = [];
  for (const service of services) if ((await containersOf(engine, call, service)).length > 0) found.push(service);
  return found;
}

/** The replica number of a container. */
export function replicaNumber({ Config }: ContainerDoc): number {
  return Number(Config.Labels?.["com.docker.compose.container-number"] ?? 0);
}

function isFrom(from: LabelledCall, call: ProjectCall): boolean {
  const list = (one: readonly string[]): string => one.map(realOrSame).join("\0");
  return (
    realOrSame(from.dir) === realOrSame(call.dir) &&
    list(from.files) === list(call.files) &&
    list(from.envFiles) === list(call.envFiles)
  );
}

function isThere(path: string, file: boolean): boolean {
  // Compose always writes canonical paths.
  if (!path.startsWith("/") || resolve(path) !== path) return false;
  try {
    // Through these folders, a process in a container refers to its own file system: a link through them resolves to a
    // name on this host but to a file of the container.
    const end = realpathSync(path);
    if ([path, end].some((one) => /^\/(proc|sys|dev)(\/|$)/.test(one))) return false;
    const [found, same] = [statSync(path), statSync(end)];
    return found.ino === same.ino && found.dev === same.dev && (file ? found.isFile() : found.isDirectory());
  } catch {
    return false;
  }
}
