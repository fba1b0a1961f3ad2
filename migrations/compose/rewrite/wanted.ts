import { goneWith } from "../delivery/wish.ts";
import type { VariablePlace } from "../syntax/environment.ts";
import { keptLines, type KeptLine } from "../syntax/kept-lines.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { Blocked } from "./blocked.ts";
import type { ServiceChange } from "./index.ts";
import { namesOf } from "./moved-names.ts";

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
};

/** Throws `Blocked` for a variable that is not set in the files, or that another place would set to another value again. */
export function wantedPlaces(
  project: ComposeProject,
  wishes: readonly ServiceChange[],
  all: ReadonlyMap<string, Map<string, VariablePlace[]>>,
): WantedPlaces {
  const wanted = new Map<string, PlaceChanges>();
  const apart = new Map<string, Exclude<VariableChange, null>[]>();
  const kept = new Map<string, KeptPlace>();
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
      if (!isOfWords && !isOver) want(wanted, taken, wish, move, gone);
      // A variable that the service did not have, or that is set over a line that stays.
      const more = isOfWords || isOver ? set : isSet ? set.filter(({ name }) => name !== move.name) : [];
      if (more.length > 0) apart.set(wish.service, [...(apart.get(wish.service) ?? []), ...more]);
    }
  }
  return { wanted, apart, kept };
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

function want(
  wanted: Map<string, PlaceChanges>,
  places: readonly VariablePlace[],
  { service, change: { set, unset } }: ServiceChange,
  { name, masked }: ServiceChange["moves"][number],
  gone: ReadonlySet<string>,
): void {
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
    if (place !== holds && !equal && (action?.name === name || gone.has(place.id))) continue;
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
}
