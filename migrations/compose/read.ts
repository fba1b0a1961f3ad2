import { lineOf } from "../../src/kit/text/lines.ts";
import { withWholeCommands } from "./command-texts.ts";
import { envFiles, projectTexts, variables, type ProjectText, type VariablePlace } from "./syntax/environment.ts";
import type { OnFault } from "./syntax/fill.ts";
import { givenFiles, givenText } from "./syntax/given.ts";
import { sourcesOf } from "./syntax/kept-lines.ts";
import { loadProject, type ComposeProject } from "./syntax/project.ts";
import { sources } from "./syntax/sources.ts";
import { isReached } from "./syntax/reached.ts";
import { entriesOf, entry, follow, scalarText } from "../../src/kit/text/yaml-nodes.ts";
import type { SourceReading, Source } from "../../src/contract/source.ts";
import type { Candidate, WrittenPart } from "../../src/model/candidate.ts";
import type { UnsprawlError } from "../../src/model/error.ts";
import { NO_FACTS, type Subject, type SubjectFacts, type Where } from "../../src/model/location.ts";
import type { Place } from "../../src/model/place.ts";
import { candidateAt } from "../../src/files/candidate.ts";
import { serviceSubjectId } from "../../src/model/service-ref.ts";
import { errorReading } from "../../src/engine/reading.ts";
import { ANY_SUBJECT } from "../../src/model/subject-ref.ts";

/**
 * `compose:FILE[:FILE…]`, `compose:FOLDER` or `compose:`: a project's services with their effective variables (env
 * files, extends, include, overrides, interpolation), and every other text in its files. Needs neither engine nor
 * Compose.
 */
export function composeSource(cwd: string, env: NodeJS.ProcessEnv): Source {
  return {
    kind: "compose",
    async *read(what, signal) {
      const given = await givenFiles(what, cwd, env);
      // The same text may be interpolated several times: for each service that uses it, and for its file.
      const faults = new Map<string, UnsprawlError>();
      const tell: OnFault = (fault) => void faults.set(fault.message, fault);
      const project = await loadProject({ ...given, dir: null, name: null, env, tell, signal });
      const source = `compose:${what}`;
      yield { kind: "total", subjects: project.services.size + 1 };
      const told = new Set<string>();
      for (const service of project.services.values()) {
        signal.throwIfAborted();
        yield serviceReading(source, project, service.name, told, tell);
      }
      yield restReading(source, project, told, tell);
      for (const fault of faults.values()) yield errorReading(source, ANY_SUBJECT, fault);
    },
  };
}

function serviceReading(
  source: string,
  project: ComposeProject,
  name: string,
  told: Set<string>,
  tell: OnFault,
): SourceReading {
  const subject: Subject = {
    kind: "service",
    name,
    id: serviceSubjectId({ file: givenText({ files: project.given, outer: project.outer }), service: name }),
  };
  const service = project.services.get(name);
  const candidates: Candidate[] = [];
  for (const [variable, places] of service === undefined ? [] : variables(service, tell)) {
    const holds = places.at(-1);
    for (const place of places) told.add(place.id);
    if (holds === undefined || holds.value === null) continue;
    // The text of a shared map is the variable's: what moves the one moves the other.
    if (holds.kind === "pair")
      told.add(`${holds.file.file}:${follow(holds.member.value, holds.file)?.range?.[0] ?? 0}`);
    // A line that another line is filled from goes with that one.
    for (const use of sourcesOf(project, holds.uses)) told.add(`$${use}`);
    const field = `services.${name}.environment.${variable}`;
    const place = { kind: "field", field, file: holds.file.file, fileLine: holds.line } as const;
    candidates.push({
      ...candidateAt(source, subject, "env", variable, holds.value, place),
      written: writtenParts(holds),
    });
  }
  return { kind: "subject", subject, facts: factsOf(project, name), candidates, exposure: EXPOSURE };
}

/** The lines that the parts of a value come from; what the shell sets is written nowhere but where it is filled in. */
function writtenParts(place: VariablePlace): readonly WrittenPart[] {
  return sources(place).flatMap(({ file, line: fileLine, part: [start, end] }) =>
    file === null ? [] : { file: file.file, fileLine, start, end },
  );
}

const EXPOSURE = ["anyone who can read the project's files or inspect its containers"];

/**
 * The texts in the files besides the services' variables: commands, labels, build arguments, unused lines of `.env`.
 */
function restReading(source: string, project: ComposeProject, told: ReadonlySet<string>, tell: OnFault): SourceReading {
  const [first = project.dir] = project.given;
  const subject: Subject = { kind: "file", name: first, id: first };
  const env = new Set(envFiles(project).map(({ file }) => file));
  const candidates = withWholeCommands(projectTexts(project, tell))
    .filter(
      ({ file, start, key }) => !told.has(`${file.file}:${start}`) && !(env.has(file.file) && told.has(`$${key}`)),
    )
    .filter(({ keys: [top, , member] }) => !(top === "services" && OF_VARIABLES.has(member)))
    .filter((text) => text.value !== "" && !namesEntry(text, project))
    // A base that every service overrides has no value but the one that its variables have.
    .filter(
      (text) => text.uses.length === 0 || text.uses.some((use) => !told.has(`$${use}`)) || isReached(project, text),
    )
    .map((text) => candidateAt(source, subject, whereOf(text), text.key, text.value, placeOf(text), text.lead));
  return { kind: "subject", subject, facts: NO_FACTS, candidates, exposure: EXPOSURE };
}

/** Whether this is the name of an entry at the top, in a list of a base or of a build: no value. */
function namesEntry({ keys, value }: ProjectText, { yaml }: ComposeProject): boolean {
  const [kind, at] = (keys.at(-1) === "source" ? keys.slice(0, -1) : keys).slice(1).slice(-2);
  if (typeof at !== "number" || (kind !== "secrets" && kind !== "configs")) return false;
  return [...yaml.values()].some((file) => entry(entry(file.root, kind, file)?.value, value, file) !== null);
}

/** Members of a service that are read with its variables, or name an image or an entry at the top. */
const OF_VARIABLES: ReadonlySet<unknown> = new Set(["environment", "env_file", "image", "secrets", "configs"]);

function placeOf({ file, start, field, index }: ProjectText): Place {
  const line = lineOf(file.text, start);
  return { kind: "line", file: file.file, line, name: field, ...(index === undefined ? {} : { index }) };
}

function whereOf({ keys }: ProjectText): Where {
  const isBelow = (...names: readonly string[]): boolean =>
    keys.slice(1).some((key) => typeof key === "string" && names.includes(key));
  if (isBelow("labels")) return "label";
  if (isBelow("command", "entrypoint")) return "cmd";
  if (isBelow("healthcheck")) return "healthcheck";
  return isBelow("args") ? "build-arg" : "file";
}

function factsOf({ services }: ComposeProject, name: string): SubjectFacts {
  const labels: [string, string][] = [];
  let image: string | null = null;
  for (const { service, file } of services.get(name)?.layers ?? []) {
    image = scalarText(entry(service, "image", file)?.value ?? null) ?? image;
    for (const { key, value } of entriesOf(entry(service, "labels", file)?.value, file))
      labels.push([key, scalarText(value) ?? ""]);
  }
  return { image, labels: Object.fromEntries(labels), ownLabels: Object.fromEntries(labels) };
}
