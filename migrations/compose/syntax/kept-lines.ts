import { join } from "node:path";
import { bare, cmd } from "../../../src/kit/shell.ts";
import { lineOf } from "../../../src/kit/text/lines.ts";
import { filledAround, readAround } from "./around.ts";
import { usedBeside } from "./beside.ts";
import { projectTexts, variablesOf, type ProjectText, type VariablePlace } from "./environment.ts";
import { mountReaders } from "./mounted.ts";
import type { ComposeProject } from "./project.ts";
import { isReached } from "./reached.ts";
import { isUnseen } from "./unseen.ts";

/** A line of an env file that a service takes its variable from, and what else needs the line. */
export type KeptLine = { readonly place: EnvLinePlace; readonly why: string };

type EnvLinePlace = Extract<VariablePlace, { readonly kind: "line" }>;

/**
 * The lines that stay although a service's variables move: another service mounts the file and may read it itself, or
 * something that inspect does not show is filled from it. The service then has its variable empty over the line.
 */
export function keptLines(
  project: ComposeProject,
  service: string,
  names: readonly string[],
): ReadonlyMap<string, KeptLine> {
  const described = project.services.get(service);
  const own = described === undefined ? null : variablesOf(described);
  const places = names.flatMap((name) => own?.get(name) ?? []);
  return new Map(
    places.flatMap((place) => {
      const why = place.kind === "line" && place.value !== "" ? neededBy(project, place) : null;
      return place.kind !== "line" || why === null ? [] : [[place.id, { place, why }] as const];
    }),
  );
}

export const keptNotes = (lines: readonly KeptLine[]): readonly string[] =>
  stayingNotes(lines.map(({ place, why }) => ({ name: place.name, where: `${place.file.file}, ${why}` })));

/** A note for each file and reason. */
export function stayingNotes(lines: readonly { readonly name: string; readonly where: string }[]): readonly string[] {
  return [...Map.groupBy(lines, ({ where }) => where)].map(([where, own]) => {
    const names = [...new Set(own.map(({ name }) => name))].toSorted();
    return `${names.join(", ")} ${names.length === 1 ? "stays" : "stay"} in ${where}`;
  });
}

function neededBy(project: ComposeProject, { file: { file }, name }: EnvLinePlace): string | null {
  const has = (service: string): boolean => allVariables(project).get(service)?.has(name) === true;
  const isDotenv = project.dotenv.some((one) => one.file === file);
  return lineNeed(project, { file, name }, has, isDotenv ? (unseenUses(project).get(name) ?? []) : []);
}

/**
 * Why a line of an env file stays although its variable moves; null if nothing else needs it. `has`: the services that get
 * the variable; `texts`: what is filled from it and inspect does not show.
 */
export function lineNeed(
  project: ComposeProject,
  { file, name }: { readonly file: string; readonly name: string },
  has: (service: string) => boolean,
  texts: readonly ProjectText[],
  others = sharing,
): string | null {
  const readers = mountReaders(project, file, has);
  if (readers.length > 0)
    return `which ${readers.join(", ")} ${readers.length === 1 ? "mounts and may read itself" : "mount and may read themselves"}`;
  if (texts.length > 0) return `from which ${texts.map(placeOf).join(", ")} is filled`;
  const shared = others(project, file, name);
  return shared === null ? null : `${shared.with}: ${shared.next} moves it there`;
}

/** The other Compose file that takes a line of an env file, in words, and the command that moves the line's value there. */
export type Sharing = { readonly with: string; readonly next: string };

/** The project around an env file that takes this line too; null if none is found. */
export function sharing(project: ComposeProject, file: string, variable: string): Sharing | null {
  const reader = readAround(project, file);
  if (reader !== null)
    return {
      with: cmd`which the services of ${reader} read too`,
      next: cmd`unsprawl plan compose:${reader} --to STORE`,
    };
  const filled = filledAround(project, file, variable);
  if (filled === null || !filled.isGiven) return filled === null ? null : filling(filled.by);
  const { with: by, next } = filling(filled.by);
  return { with: by, next: cmd`COMPOSE_ENV_FILES=${file} ${bare(next)}` };
}

/** The same, and the Compose file beside those of the project that is filled from this line of its `.env`. */
export function sharingBeside(project: ComposeProject, file: string, variable: string): Sharing | null {
  const beside = file === join(project.dir, ".env") ? usedBeside(project, variable) : null;
  return beside === null ? sharing(project, file, variable) : filling(beside);
}

/** Another Compose file that is filled from a line. */
const filling = (other: string): Sharing => ({
  with: cmd`which fills in ${other} too`,
  next: cmd`unsprawl plan compose:${other} --to STORE`,
});

const placeOf = ({ path, file, start }: ProjectText): string => `${path} (${file.file}:${lineOf(file.text, start)})`;

const uses = new WeakMap<ComposeProject, ReadonlyMap<string, readonly ProjectText[]>>();

/** By variable, what is filled from it, maybe by way of other lines, and inspect does not show. */
function unseenUses(project: ComposeProject): ReadonlyMap<string, readonly ProjectText[]> {
  const known = uses.get(project);
  if (known !== undefined) return known;
  const found = new Map<string, ProjectText[]>();
  for (const text of projectTexts(project, () => undefined)) {
    if (!isUnseen(text) || !isReached(project, text)) continue;
    for (const name of sourcesOf(project, text.uses)) found.set(name, [...(found.get(name) ?? []), text]);
  }
  uses.set(project, found);
  return found;
}

/** These variables, and all that their lines are filled from. */
export function sourcesOf({ dotenv }: ComposeProject, names: readonly string[]): ReadonlySet<string> {
  const found = new Set(names);
  // What is added on the way is visited too.
  for (const name of found)
    for (const { entries } of dotenv)
      for (const entry of entries) if (entry.name === name) for (const use of entry.uses) found.add(use);
  return found;
}

const byService = new WeakMap<ComposeProject, ReadonlyMap<string, ReadonlyMap<string, readonly VariablePlace[]>>>();

function allVariables(project: ComposeProject): ReadonlyMap<string, ReadonlyMap<string, readonly VariablePlace[]>> {
  const known =
    byService.get(project) ?? new Map([...project.services].map(([name, service]) => [name, variablesOf(service)]));
  byService.set(project, known);
  return known;
}
