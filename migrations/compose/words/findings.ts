import type { ClassifyInput, Detector } from "../../../src/contract/detector.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { Location } from "../../../src/model/location.ts";
import { Secret } from "../../../src/model/secret.ts";
import { textAt } from "../refuse.ts";
import { variables } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { holdsPart, literalIn } from "./literal-places.ts";
import { WORD_PLACES } from "./uses.ts";

/** A secret that is written into a service's words, and the variable that it becomes. `part` is what detection saw of it. */
export type Literal = { readonly name: string; readonly value: Secret; readonly part: Secret };

/** Words in which a scan found a secret, and the variables that their service has by its image. */
type ScannedWords = { readonly question: ClassifyInput; readonly imageNames: readonly string[] };

/**
 * The secrets that are written into the words at a location. `service` is whose words they are: a variable of it that has
 * the same value, and is a secret by its name, is the one that the words are filled from.
 */
export async function literalsAt(
  location: Location,
  {
    engine,
    detector,
    project,
    service,
  }: {
    readonly engine: Engine | null;
    readonly detector: Detector;
    readonly project: ComposeProject;
    readonly service: string;
  },
): Promise<readonly Literal[]> {
  if (!WORD_PLACES.has(location.where)) return [];
  const scanned = location.subject === "file" ? inFile(location, project) : await inContainer(location, engine);
  if (scanned === null || !detector.classify(scanned.question).secret) return [];
  const { question, imageNames } = scanned;
  const parts = [detector.part(question), ...detector.more(question).map(({ part }) => part)];
  const own = ownVariables(project, service);
  const taken = new Set([...own.keys(), ...imageNames]);
  const found: Literal[] = [];
  for (const part of parts) {
    if (part === null) continue;
    const known = [...own].find(
      ([name, value]) =>
        holdsPart(question.value, value, part) && detector.classify({ name, where: "env", value }).secret,
    );
    const literal = known === undefined ? literalIn(question.value, part) : { name: known[0], value: known[1] };
    if (literal === null) continue;
    const name = known?.[0] ?? freeName(literal.name, taken);
    if (name === null) continue;
    taken.add(name);
    found.push({ name, value: literal.value, part });
  }
  return found;
}

function inFile(location: Location, project: ComposeProject): ScannedWords | null {
  const text = textAt(location, project);
  if (text === null) return null;
  const { key, value, lead } = text;
  const question = { name: key, where: location.where, value: Secret.of(value), ...(lead === "" ? {} : { lead }) };
  return { question, imageNames: [] };
}

async function inContainer({ subjectId, where }: Location, engine: Engine | null): Promise<ScannedWords | null> {
  const doc = (await engine?.container(subjectId)) ?? null;
  if (doc === null) return null;
  const { Cmd, Entrypoint, Healthcheck, Env } = doc.Config;
  const [name, words] =
    where === "cmd"
      ? ["Cmd", Cmd]
      : where === "entrypoint"
        ? ["Entrypoint", Entrypoint]
        : ["Healthcheck", Healthcheck?.Test];
  const lead = where === "cmd" && Entrypoint ? { lead: JSON.stringify(Entrypoint) } : {};
  const imageNames = (Env ?? []).map((one) => one.slice(0, one.indexOf("=")));
  return { question: { name, where, value: Secret.of(JSON.stringify(words ?? [])), ...lead }, imageNames };
}

function ownVariables({ services }: ComposeProject, service: string): ReadonlyMap<string, Secret> {
  const found = services.get(service);
  const all = found === undefined ? [] : [...variables(found, () => undefined)];
  return new Map(
    all.flatMap(([name, places]) => {
      const value = places.at(-1)?.value ?? "";
      return value === "" ? [] : [[name, Secret.of(value)] as const];
    }),
  );
}

/** The name, or the next one that no variable has. */
function freeName(name: string, taken: ReadonlySet<string>): string | null {
  if (!taken.has(name)) return name;
  for (let nth = 2; nth < 10; nth++) if (!taken.has(`${name}_${nth}`)) return `${name}_${nth}`;
  return null;
}
