import { existsSync } from "node:fs";
import type { ProjectCall } from "../../src/compose/cli.ts";
import { loadProject, type Project } from "../../src/compose/project.ts";
import type { Engine } from "../../src/docker/engine.ts";
import { keptByRun } from "../../src/docker/names.ts";
import type { ContainerDoc } from "../../src/docker/types.ts";
import type { Finding } from "../../src/model/finding.ts";

/** Which project's which service a finding is of. */
export type Whose = { readonly call: ProjectCall; readonly service: string };

/**
 * The project and service of a finding: from the labels that Compose puts on a container (when the files they name are on
 * this host), or from the file that was scanned. Null when it is not of a Compose project.
 */
export async function whose({ location }: Finding, engine: Engine, env: NodeJS.ProcessEnv): Promise<Whose | null> {
  if (location.subject === "service" && location.source.startsWith("compose:")) {
    const at = location.subjectId.lastIndexOf("#");
    const files = location.subjectId.slice(0, at).split(":");
    const project = await loadProject({ files, dir: null, name: null, envFiles: [], env });
    return { call: callOf(project), service: location.subjectId.slice(at + 1) };
  }
  if (location.subject !== "container" || !location.source.startsWith("docker:")) return null;
  const doc = await engine.container(location.subjectId);
  return doc === null || keptByRun(location.subjectName) !== null ? null : ofLabels(doc);
}

/** Labels: docker/compose `pkg/api/labels.go`. */
function ofLabels({ Config }: ContainerDoc): Whose | null {
  const label = (name: string): string => Config.Labels?.[`com.docker.compose.${name}`] ?? "";
  const list = (name: string): string[] => label(name).split(",").filter(Boolean);
  const [name, service, dir] = [label("project"), label("service"), label("project.working_dir")];
  const [files, envFiles] = [list("project.config_files"), list("project.environment_file")];
  if (name === "" || service === "" || files.length === 0 || label("oneoff") === "True") return null;
  if (![dir, ...files, ...envFiles].every((path) => path.startsWith("/") && existsSync(path))) return null;
  return { call: { name, dir, files, envFiles, profiles: [] }, service };
}

/** How Compose is called for a project; with every profile, so that no service is out of sight. */
export function callOf({ name, dir, given, givenEnv, services }: Project): ProjectCall {
  const profiles = [...new Set([...services.values()].flatMap((service) => service.profiles))];
  return { name, dir, files: given, envFiles: givenEnv, profiles };
}

export async function projectOf(call: ProjectCall, env: NodeJS.ProcessEnv): Promise<Project> {
  return loadProject({ files: call.files, dir: call.dir, name: call.name, envFiles: call.envFiles, env });
}

/** The containers of a project's service, running or not, the first copy first. */
export async function containersOf(engine: Engine, project: string, service: string): Promise<ContainerDoc[]> {
  const listed = (await engine.containers()).filter(({ Labels = {} }) => {
    const label = (name: string): string | undefined => Labels[`com.docker.compose.${name}`];
    return label("project") === project && label("service") === service && label("oneoff") !== "True";
  });
  const docs = await Promise.all(listed.map(({ Id }) => engine.container(Id)));
  const number = (doc: ContainerDoc): number => Number(doc.Config.Labels?.["com.docker.compose.container-number"] ?? 0);
  return docs.filter((doc) => doc !== null).sort((a, b) => number(a) - number(b));
}
