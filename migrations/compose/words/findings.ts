import type { ClassifyInput, Detector } from "../../../src/contract/detector.ts";
import type { Engine } from "../../../src/engine/engine.ts";
import type { Location } from "../../../src/model/location.ts";
import { isSeq } from "../../../src/kit/text/yaml-nodes.ts";
import { Secret } from "../../../src/model/secret.ts";
import { textAt } from "../command-texts.ts";
import { variablesOf } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { holdsPart, literalIn } from "../../../src/files/words/literal-places.ts";
import { wordDefinitions } from "./defined.ts";
import { freeName } from "../../../src/files/words/literal-name.ts";
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
  const texts = [question.value.exposeText(), question.lead ?? "", ...textsOf(project, service)];
  const found: Literal[] = [];
  for (const part of parts) {
    if (part === null) continue;
    const known = [...own].find(
      ([name, value]) =>
        holdsPart(question.value, value, part) &&
        detector.classify({ name, where: "env", value }).secret &&
        !isMentioned(name, value, texts, SET),
    );
    const literal = known === undefined ? literalIn(question.value, part) : { name: known[0], value: known[1] };
    if (literal === null) continue;
    const isTaken = (one: string): boolean => taken.has(one) || isMentioned(one, literal.value, texts);
    const name = known?.[0] ?? freeName(nameInWords(project, service, literal.value) ?? literal.name, isTaken);
    if (name === null) continue;
    taken.add(name);
    found.push({ name, value: literal.value, part });
  }
  return found;
}

/**
 * The name that a value has by the first of a service's words which have it: `--requirepass x` of its command names it in
 * `redis-cli -a x` of its health check too.
 */
function nameInWords({ services }: ComposeProject, service: string, value: Secret): string | null {
  const found = services.get(service);
  const all = found === undefined ? [] : wordDefinitions(found);
  for (const place of ["entrypoint", "command", "health"] as const) {
    const own = all.findLast((one) => one.place === place);
    const texts = (own?.texts ?? []).map(({ text }) => text.replaceAll("$$", () => "$"));
    const words = own === undefined || !isSeq(own.node) ? (texts[0] ?? "") : JSON.stringify(texts);
    const literal = literalIn(Secret.of(words), value);
    if (literal?.value.equals(value) === true) return literal.name;
  }
  return null;
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
  const all = found === undefined ? [] : [...variablesOf(found)];
  return new Map(
    all.flatMap(([name, places]) => {
      const value = places.at(-1)?.value ?? "";
      return value === "" ? [] : [[name, Secret.of(value)] as const];
    }),
  );
}

/** What a service's words are made of, as they stand in the files. */
function textsOf({ services }: ComposeProject, name: string): readonly string[] {
  const service = services.get(name);
  const definitions = service === undefined ? [] : wordDefinitions(service);
  return definitions.flatMap(({ texts }) => texts.map(({ text }) => text));
}

/** Before a name that a shell fills in. */
const SET = "(?<!\\$|\\$\\{)";

/**
 * Whether words have a shell variable of this name: one that they set would be read in place of ours. What they set to the
 * very value is it. `before` is a pattern for what comes before the name.
 */
function isMentioned(name: string, value: Secret, texts: readonly string[], before = ""): boolean {
  if (!/^[A-Za-z_]\w*$/.test(name)) return false;
  const plain = value.exposeText();
  return texts.some((text) => {
    for (const { index } of text.matchAll(new RegExp(`${before}(?<!\\w)${name}(?!\\w)`, "g"))) {
      const set = text.slice(index + name.length).replace(/^=\\?["']?/, "=");
      if (!set.startsWith(`=${plain}`)) return true;
    }
    return false;
  });
}
