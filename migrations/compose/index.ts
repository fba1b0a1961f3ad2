/**
 * `compose`: migrates variables of a Compose project by editing the project's files and letting Compose recreate the
 * containers. A project is one unit: its services share files, anchors and `.env`.
 */
import type { Delivery } from "../../src/contract/delivery.ts";
import type { Supplies } from "../../src/contract/supplies.ts";
import type { Detector } from "../../src/contract/detector.ts";
import type { Migration, Selected } from "../../src/contract/migration.ts";
import {
  composeEnvironment,
  containsValue,
  passedEnvironment,
  withheldNote,
  type PassedEnvironment,
} from "./engine/child.ts";
import { composeCli, type ComposeCli, type ProjectCall } from "./engine/cli.ts";
import { variables } from "./syntax/environment.ts";
import { loadProject, type ComposeProject } from "./syntax/project.ts";
import type { Registry } from "../../src/images/registry/client.ts";
import type { Engine } from "../../src/engine/engine.ts";
import type { FindSight } from "../../src/engine/sight.ts";
import { containerVariable } from "../../src/engine/facts.ts";
import type { ContainerDoc } from "../../src/engine/types.ts";
import { childEnvironment } from "../../src/kit/child-environment.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { nameMayHoldSecret, type Finding } from "../../src/model/finding.ts";
import type { FingerprintKey } from "../../src/model/fingerprint.ts";
import { Secret } from "../../src/model/secret.ts";
import { serviceRefOf } from "../../src/model/service-ref.ts";
import { movingAlong, type AlongOf } from "./along.ts";
import { Performer } from "./perform.ts";
import { fieldRefusal, serviceOfText, textRefusal } from "./refuse.ts";
import { givenFiles } from "./syntax/given.ts";
import { declaredIn, projectCall, containersOf, projectOf, serviceOfFinding, type ServiceOfFinding } from "./find.ts";
import { planProject } from "./plan.ts";
import { withoutShared } from "./delivery/shared.ts";
import { rewriteOf } from "./steps.ts";
import { labelSecrets } from "./labels/index.ts";
import { wordSecrets } from "./words/moving.ts";
import { WORD_PLACES } from "./words/uses.ts";
import { rewrittenFiles } from "../../src/files/rewritten.ts";

export type ComposeTools = {
  readonly open: () => Promise<Engine>;
  /** Where the image of a service without a container may be looked at. */
  readonly registry: (host: string) => Promise<Registry>;
  readonly deliveries: readonly Delivery[];
  readonly key: FingerprintKey;
  readonly sight: FindSight;
  readonly env: NodeJS.ProcessEnv;
  /** The state folder, where sealed copies of the files are kept for a rollback. */
  readonly state: () => string;
  /** A folder in memory that only this user can enter. */
  readonly memory: () => string;
  readonly quote: (text: string) => Promise<string>;
  readonly detector: () => Promise<Detector>;
  /** The files of values on this host. */
  readonly supplies: Supplies;
};

export function composeMigration(tools: ComposeTools): Migration {
  const { open, env } = tools;
  const asScanned = async (source: string): Promise<ComposeProject> => {
    const from = childEnvironment(env);
    const given = await givenFiles(source.slice("compose:".length), process.cwd(), from);
    return loadProject({ ...given, dir: null, name: null, env: from, tell: () => undefined });
  };
  const read = new Map<string, Promise<ComposeProject>>();
  /** The project as a scan reads it, with whatever cannot be filled in. */
  const scanned = async (source: string): Promise<ComposeProject> => {
    const known = read.get(source) ?? asScanned(source);
    read.set(source, known);
    return known;
  };
  const known = new Map<string, Promise<ServiceOfFinding | null>>();
  const find = async (finding: Pick<Finding, "location">): Promise<ServiceOfFinding | null> => {
    const { source, subject, subjectId } = finding.location;
    if (subject === "file" && source.startsWith("compose:")) {
      const project = await scanned(source);
      const service = serviceOfText(finding.location, project);
      return service === null ? null : { call: projectCall(project), service };
    }
    if (subject !== "container" && subject !== "service") return null;
    const engine = await open();
    const found = known.get(subjectId) ?? serviceOfFinding(finding, engine, env);
    known.set(subjectId, found);
    return found;
  };
  const words = labelSecrets({ find, env }, wordSecrets({ find, open, env, detector: tools.detector }));
  const calls = new Map<string, ProjectCall>();
  /** The variables that move along, by subject and name, and with which one. */
  const along = new Map<string, AlongOf>();
  const alongKey = ({ location, name }: Pick<Finding, "location" | "name">): string => `${location.subjectId}\0${name}`;
  const cli = async (names: readonly string[]): Promise<ComposeCli> =>
    composeCli({ ...composeEnvironment(env, names), ...memoryIn(env) }, hostOf(await open()), tools.quote);
  const performer = new Performer(tools, cli);
  const files = rewrittenFiles(tools);
  /**
   * The part of the environment that the project's files may use: of credentials, only those that its containers
   * already have.
   */
  const passedOf = async (call: ProjectCall): Promise<PassedEnvironment> => {
    const [engine, project] = [await open(), await projectOf(call, childEnvironment(env))];
    const docs = await Promise.all([...project.services.keys()].map((service) => containersOf(engine, call, service)));
    const [texts, detector] = [docs.flat().flatMap(textsOf), await tools.detector()];
    return passedEnvironment(project, env, {
      held: (value) => containsValue(texts, value),
      secret: (name, value) => {
        const verdict = detector.classify({ name, where: "env", value: Secret.of(value) });
        return verdict.secret || verdict.suppressedBy !== undefined;
      },
    });
  };

  return {
    name: "compose",
    async engine() {
      const engine = await open();
      return { id: (await engine.info()).ID, address: engine.connection.address };
    },
    async unit(finding) {
      const { source, subject, subjectId } = finding.location;
      const found = await find(finding);
      // A text that is no variable: never moved, but its refusal is this format's.
      if (found === null && source.startsWith("compose:") && subject === "file")
        return { id: subjectId, name: `compose/${subjectId}` };
      if (found === null) return null;
      const { call } = found;
      const name = `compose/${call.name}`;
      calls.set(name, call);
      return { id: `${call.name} ${call.files.join(":")}`, name };
    },
    async refuses({ location, name, part }) {
      if (location.subject === "file") {
        const isText = WORD_PLACES.has(location.where) || location.where === "label";
        const isMoved = isText ? words.canMove(location) : find({ location });
        return (await isMoved) ? null : textRefusal(location, await scanned(location.source));
      }
      if (location.origin === "image")
        return {
          reason: "is in the image's config, which a Compose file cannot change",
          hint: "build without it (unsprawl plan dockerfile:FILE shows a patch), or unsprawl migrate image:REF; then rotate it",
        };
      if (location.where !== "env" && !(await words.canMove(location))) return fieldRefusal(location, name);
      if (nameMayHoldSecret({ name, part }))
        return {
          reason: "its variable's name holds a secret, or may",
          hint: "write NAME: VALUE in its place, then scan again",
        };
      return null;
    },
    part: async ({ finding: { location }, part }) => words.moving(location, part),
    async along(unit, hits) {
      const call = calls.get(unit);
      const own = hits.filter(({ finding: { location } }) => location.where === "env" && location.origin === "own");
      if (call === undefined || own.length === 0) return [];
      const project = await projectOf(call, composeEnvironment(env, (await passedOf(call)).names));
      const moved = await Promise.all(
        own.map(async ({ finding, candidate: { value } }) => {
          return { service: (await find(finding))?.service ?? "", name: finding.name, value };
        }),
      );
      const findings = own.map(({ finding }) => finding);
      const detector = await tools.detector();
      const found = (await movingAlong(await open(), call, project, findings, moved)).flatMap((one) => {
        // One that is a finding itself was left out on purpose, by --only or an ignore rule.
        const value = one.within?.value ?? moved[one.like]?.value ?? Secret.of("");
        const verdict = detector.classify({ name: one.name, where: "env", value });
        const isLeftOut = verdict.secret ? verdict.confidence !== "low" : verdict.suppressedBy !== undefined;
        const like = hits.findIndex(({ finding }) => finding === findings[one.like]);
        return isLeftOut ? [] : { ...one, like };
      });
      for (const one of found)
        along.set(alongKey(one), { name: hits[one.like]?.finding.name ?? "", isPart: one.within !== undefined });
      return found;
    },
    async names(finding) {
      const found = await find(finding);
      return { subject: found?.service ?? finding.location.subjectName, project: found?.call.name ?? "" };
    },
    async plan(unit, selected, options) {
      const call = calls.get(unit);
      if (call === undefined)
        throw new UnsprawlError("malformed", `nothing is known about ${unit}`, "unsprawl plan again");
      const byService = new Map<string, Selected[]>();
      for (const one of selected) {
        const service = (await find(one.finding))?.service ?? "";
        byService.set(service, [...(byService.get(service) ?? []), one]);
      }
      const passed = await passedOf(call);
      try {
        const project = await projectOf(call, composeEnvironment(env, passed.names));
        const { deliveries, key, detector } = tools;
        const compose = await cli(passed.names);
        const like = ({ finding }: Selected): AlongOf | null => along.get(alongKey(finding)) ?? null;
        const moving = { engine: await open(), cli: compose, project, passed, deliveries, key, detector, like };
        return await planProject(
          { ...moving, registry: tools.registry, env, memory: tools.memory() },
          unit,
          byService,
          options,
        );
      } catch (error) {
        // The withheld variables may be the cause.
        if (!(error instanceof UnsprawlError) || !["failed", "malformed"].includes(error.code)) throw error;
        throw new UnsprawlError(error.code, `${error.message}${withheldNote(passed)}`, error.hint);
      }
    },
    async read({ location, name }, _unit) {
      const engine = await open();
      if (location.subject === "container") {
        // Compose creates it again under its name.
        const { subjectId, subjectName } = location;
        const doc = (await engine.container(subjectId)) ?? (await engine.container(subjectName));
        if (doc === null) return null;
        return (await words.read({ ...location, subjectId: doc.Id }, name)) ?? containerVariable(doc, name);
      }
      const declared = serviceRefOf(location);
      if (declared === null) {
        // Not as it was scanned: its line may be gone by now.
        if (location.subject !== "file") return null;
        const text = (await asScanned(location.source)).lookup(name) ?? "";
        return (await words.read(location, name)) ?? (text === "" ? null : Secret.of(text));
      }
      const named = declaredIn(declared, env);
      const { names } = await passedOf(projectCall(await loadProject({ ...named, env: childEnvironment(env) })));
      const project = await loadProject({ ...named, env: composeEnvironment(env, names) });
      const service = project.services.get(declared.service);
      const value = service === undefined ? null : (variables(service).get(name)?.at(-1)?.value ?? null);
      return value === null ? null : Secret.of(value);
    },
    unchanged: (step, plan) => performer.unchanged(step, plan),
    perform: (step, work) => performer.perform(step, work),
    async undo(steps, work) {
      await performer.undo(steps, work);
      // What was read before it is no longer what the files and containers have.
      read.clear();
      known.clear();
    },
    undoNeedsValues: async (steps) =>
      files.needsValues(await withoutShared(await open(), rewriteOf(steps, steps[0]?.unit ?? ""))),
    scrub: (steps, work) => performer.scrub(steps, work),
    render: (...asked) => performer.render(...asked),
  };
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
