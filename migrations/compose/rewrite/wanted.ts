import { goneWith } from "../delivery/wish.ts";
import type { VariablePlace, Variables } from "../syntax/environment.ts";
import { keptLines, type KeptLine } from "../syntax/kept-lines.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { Blocked } from "./blocked.ts";
import type { ServiceChange } from "./change.ts";
import { namesOf } from "./change.ts";

/** A variable's new name and value; null to remove it. */
export type VariableChange = { readonly name: string; readonly value: string } | null;

export type PlaceChanges = {
  readonly place: VariablePlace;
  readonly by: Map<string, { readonly action: VariableChange; readonly masked: string }>;
};

/** What is to change at the places of the variables that move. */
export type WantedPlaces = {
  /** By place. */
  readonly wanted: ReadonlyMap<string, PlaceChanges>;
  /** By service: what is added to its environment. */
  readonly apart: Map<string, Exclude<VariableChange, null>[]>;
  readonly kept: ReadonlyMap<string, KeptPlace>;
  /** What sets a moved variable to another value, without effect in these files: it stays. */
  readonly overridden: ReadonlyMap<string, VariablePlace>;
};

/** Throws `Blocked` for a variable that is not set in the files, or that another place would set to another value again. */
export function wantedPlaces(
  project: ComposeProject,
  wishes: readonly ServiceChange[],
  all: ReadonlyMap<string, Variables>,
): WantedPlaces {
  const wanted = new Map<string, PlaceChanges>();
  const apart = new Map<string, Exclude<VariableChange, null>[]>();
  const kept = new Map<string, KeptPlace>();
  const overridden = new Map<string, VariablePlace>();
  const gone = goneWith(
    project,
    wishes.map((wish) => [wish.service, namesOf(wish)]),
  );
  for (const wish of wishes) {
    const staying = keptLines(project, wish.service, namesOf(wish));
    for (const move of wish.moves) {
      const places = all.get(wish.service)?.get(move.name) ?? [];
      const isOfWords = places.length === 0 && ofWords(wish, move.name);
      const set = wish.change.set.filter(({ name }) => [move.name, ...formsOf(move.name)].includes(name));
      const isSet = set.some(({ name }) => name === move.name);
      const lines = isSet ? places.filter(({ id }) => staying.has(id)) : [];
      for (const { id } of lines) keep(kept, staying.get(id), wish.service);
      const taken = places.filter((place) => !lines.includes(place));
      const isOver = taken.at(-1) !== places.at(-1);
      if (!isOfWords && !isOver) for (const one of want(wanted, taken, wish, move, gone)) overridden.set(one.id, one);
      // A variable that the service did not have, or that is set over a line that stays.
      const more = isOfWords || isOver ? set : isSet ? set.filter(({ name }) => name !== move.name) : [];
      if (more.length > 0) apart.set(wish.service, [...(apart.get(wish.service) ?? []), ...more]);
    }
  }
  for (const id of wanted.keys()) overridden.delete(id);
  return { wanted, apart, kept, overridden };
}

/** A note for each file whose values stay because others override them. */
export function overriddenNotes(places: readonly VariablePlace[]): readonly string[] {
  const told = places.filter(({ value, uses }) => value !== null && value !== "" && uses.length === 0);
  return [...Map.groupBy(told, ({ file }) => file.file)].map(([file, own]) => {
    const names = own.map(({ name, line }) => `${name} (line ${line})`);
    const values = own.length === 1 ? "another value" : "other values";
    return `${file} keeps ${values} of ${names.join(", ")}, which ${own.length === 1 ? "has" : "have"} no effect here`;
  });
}

/** A line that stays in an env file, and the services whose variable it was. */
type KeptPlace = KeptLine & { readonly by: ReadonlySet<string> };

function keep(kept: Map<string, KeptPlace>, line: KeptLine | undefined, service: string): void {
  if (line === undefined) return;
  const { id } = line.place;
  kept.set(id, { ...line, by: new Set([...(kept.get(id)?.by ?? []), service]) });
}

const ofWords = ({ words }: ServiceChange, variable: string): boolean => words?.names.has(variable) === true;

/** The variables that may hold the path of a variable's file. */
const formsOf = (name: string): readonly string[] => [`${name}_FILE`, `FILE__${name}`, `${name}__FILE`];

/** Gives back the places of other values that stay. */
function want(
  wanted: Map<string, PlaceChanges>,
  places: readonly VariablePlace[],
  { service, change: { set, unset } }: ServiceChange,
  { name, masked }: ServiceChange["moves"][number],
  gone: ReadonlySet<string>,
): readonly VariablePlace[] {
  const overridden: VariablePlace[] = [];
  const holds = places.at(-1);
  if (holds === undefined)
    throw new Blocked(
      `${name} of ${service} is not set in the project's files`,
      "set it in the Compose file, docker compose up -d, then plan again",
      (one, its) => one === service && its === name,
    );
  // Matched by name: a form of the file's path replaces NAME.
  const forms = unset.includes(name) ? formsOf(name) : [];
  const named = [name, ...forms].map((form) => set.find((one) => one.name === form));
  const action = named.find((one) => one !== undefined) ?? null;
  for (const place of places) {
    const equal = place.value === null || place.value === holds.value;
    // The own variable stays over it, or it goes with the service that gets its value from there.
    if (place !== holds && !equal && (action?.name === name || gone.has(place.id))) {
      overridden.push(place);
      continue;
    }
    if (place !== holds && !equal)
      throw new Blocked(
        `${name} of ${service} is also set to a different value at ${place.at}, which would take effect again`,
        "remove it from there, then plan again",
        (one, its) => one === service && its === name,
      );
    const known = wanted.get(place.id) ?? { place, by: new Map() };
    known.by.set(service, { action: place === holds ? action : null, masked });
    wanted.set(place.id, known);
  }
  return overridden;
}
