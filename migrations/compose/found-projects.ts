import { composeEnvironment, containsValue, passedEnvironment, type PassedEnvironment } from "./engine/child.ts";
import { composeCli, type ComposeCli, type ProjectCall } from "./engine/cli.ts";
import { loadProject, type ComposeProject } from "./syntax/project.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import type { Finding } from "../../src/model/finding.ts";
import { Secret } from "../../src/model/secret.ts";
import { serviceOfText } from "./refuse.ts";
import { givenFiles } from "./syntax/given.ts";
import { projectCall, containersOf, projectOf, serviceOfFinding, type ServiceOfFinding } from "./find.ts";
import type { ComposeTools } from "./tools.ts";

/** The projects that findings belong to, each looked for once, and what Compose may be given for one. */
export class FoundProjects {
  readonly #tools: ComposeTools;
  readonly #scanned = new Map<string, Promise<ComposeProject>>();
  readonly #found = new Map<string, Promise<ServiceOfFinding | null>>();

  constructor(tools: ComposeTools) {
    this.#tools = tools;
  }

  async asScanned(source: string): Promise<ComposeProject> {
    const from = childEnvironment(this.#tools.env);
    const given = await givenFiles(source.slice("compose:".length), process.cwd(), from);
    return loadProject({ ...given, dir: null, name: null, env: from, tell: () => undefined });
  }

  /** The project as a scan reads it, with whatever cannot be filled in. */
  async scanned(source: string): Promise<ComposeProject> {
    const known = this.#scanned.get(source) ?? this.asScanned(source);
    this.#scanned.set(source, known);
    return known;
  }

  async find(finding: Pick<Finding, "location">): Promise<ServiceOfFinding | null> {
    const { source, subject, subjectId } = finding.location;
    if (subject === "file" && source.startsWith("compose:")) {
      const project = await this.scanned(source);
      const service = serviceOfText(finding.location, project);
      return service === null ? null : { call: projectCall(project), service };
    }
    if (subject !== "container" && subject !== "service") return null;
    const engine = await this.#tools.open();
    const found = this.#found.get(subjectId) ?? serviceOfFinding(finding, engine, this.#tools.env);
    this.#found.set(subjectId, found);
    return found;
  }

  /** After an undo: the files and containers no longer have what was read before it. */
  forget(): void {
    this.#scanned.clear();
    this.#found.clear();
  }

  async cli(names: readonly string[]): Promise<ComposeCli> {
    const { env, open, quote } = this.#tools;
    return composeCli({ ...composeEnvironment(env, names), ...memoryIn(env) }, hostOf(await open()), quote);
  }

  /**
   * The part of the environment that the project's files may use: of credentials, only those that its containers
   * already have.
   */
  async passed(call: ProjectCall): Promise<PassedEnvironment> {
    const { env, open } = this.#tools;
    const [engine, project] = [await open(), await projectOf(call, childEnvironment(env))];
    const docs = await Promise.all([...project.services.keys()].map((service) => containersOf(engine, call, service)));
    const [texts, detector] = [docs.flat().flatMap(textsOf), await this.#tools.detector()];
    return passedEnvironment(project, env, {
      held: (value) => containsValue(texts, value),
      secret: (name, value) => {
        const verdict = detector.classify({ name, where: "env", value: Secret.of(value) });
        return verdict.secret || verdict.suppressedBy !== undefined;
      },
    });
  }
}

/** Where the values' files are, as Compose files fill it in. */
function memoryIn({ UNSPRAWL_RUNTIME_DIR: dir }: NodeJS.ProcessEnv): { readonly [name: string]: string } {
  return dir === undefined ? {} : { UNSPRAWL_RUNTIME_DIR: dir };
}

/** The engine in use as a DOCKER_HOST for Compose; null leaves the choice to Compose. */
function hostOf({ connection }: Engine): string | null {
  return connection.via === "unix" ? `unix://${connection.socketPath ?? ""}` : null;
}

/** Every text in a container's configuration: values of variables, command words, labels. */
function textsOf({ Config }: ContainerDoc): string[] {
  const values = (Config.Env ?? []).map((entry) => entry.slice(entry.indexOf("=") + 1));
  const words = [...(Config.Entrypoint ?? []), ...(Config.Cmd ?? []), ...(Config.Healthcheck?.Test ?? [])];
  return [...values, ...words, ...Object.values(Config.Labels ?? {})];
}
