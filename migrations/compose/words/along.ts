import type { MovingAlong } from "../../../src/contract/migration.ts";
import { isNameLike, Secret, SecretIndex } from "../../../src/model/secret.ts";
import { variablesOf } from "../syntax/environment.ts";
import type { ComposeProject } from "../syntax/project.ts";
import { sources, type ValueSource } from "../syntax/sources.ts";

/** A service's variable that moves. */
export type LeaderVariable = { readonly service: string; readonly name: string; readonly value: Secret };

/** One that has the value of the moved variable `like`, an index. `within`: it has more than that, and where in it the value is. */
export type AlongVariable = {
  readonly like: number;
  readonly service: string;
  readonly name: string;
  readonly within: NonNullable<MovingAlong["within"]> | null;
};

/**
 * The variables of all services into which the same `${NAME}` of `.env` is filled as into a moved one: all of it, as in
 * `MINIO_ROOT_USER: ${S3_ACCESS_KEY}`, or a part, as in `OPTIONS: --login ${S3_ACCESS_KEY}`. They would still show it, and keep
 * its line from going. And those of the same service that have the same value by themselves, as `NEXT_PUBLIC_API_KEY` beside
 * `API_KEY`, unless it is one that people also give to a user or a database.
 */
export function alongVariables(project: ComposeProject, moved: readonly LeaderVariable[]): readonly AlongVariable[] {
  const all = shownVariables(project);
  const taken = new Set(moved.map(({ service, name }) => idOf(service, name)));
  const found: AlongVariable[] = [];
  for (const [like, one] of moved.entries()) {
    const has = ({ text, source: { part } }: FilledFrom): boolean => one.value.equals(Secret.of(text.slice(...part)));
    const own = all.named.get(idOf(one.service, one.name));
    const filled = (own?.from ?? []).filter(has).flatMap(({ id }) => all.byLine.get(id) ?? []);
    const same = isNameLike(one.value)
      ? []
      : all.byValue.get(one.value).filter(({ service }) => service === one.service);
    for (const shown of new Set([...filled, ...same].toSorted((a, b) => a.order - b.order))) {
      const { service, name, from } = shown;
      if (taken.has(idOf(service, name))) continue;
      taken.add(idOf(service, name));
      const by = same.includes(shown) ? undefined : from.find(has);
      found.push({ like, service, name, within: by === undefined ? null : withinOf(by) });
    }
  }
  return found;
}

/** Where a line of `.env` is filled into a variable. */
type FilledFrom = { readonly id: string; readonly text: string; readonly source: ValueSource };

type ShownVariable = {
  readonly service: string;
  readonly name: string;
  readonly from: readonly FilledFrom[];
  readonly order: number;
};

/** What each service is given in the end, by its name, by its value, and by the lines of `.env` that are filled into it. */
function shownVariables(project: ComposeProject): {
  readonly named: ReadonlyMap<string, ShownVariable>;
  readonly byValue: SecretIndex<ShownVariable>;
  readonly byLine: ReadonlyMap<string, readonly ShownVariable[]>;
} {
  const lines = project.dotenv.flatMap(({ file, entries }) =>
    entries.map(({ name, value, start }) => ({ name, value, id: `${file}:${start}` })),
  );
  const dotenv = new Set(project.dotenv.map(({ file }) => file));
  const named = new Map<string, ShownVariable>();
  const byValue = new SecretIndex<ShownVariable>();
  const byLine = new Map<string, ShownVariable[]>();
  for (const service of project.services.values())
    for (const [name, places] of variablesOf(service)) {
      const holds = places.at(-1);
      const text = holds?.value ?? null;
      if (holds === undefined || text === null) continue;
      // A service that has `.env` as its env file takes the line itself.
      const from = sources(holds).flatMap((source): FilledFrom[] => {
        if (source.kind === "line" && dotenv.has(source.file?.file ?? ""))
          return [{ id: `${source.file?.file ?? ""}:${source.start}`, text, source }];
        if (source.kind !== "shell") return [];
        // A shell that has read `.env` itself, as direnv does, has the line's value.
        const filled = text.slice(...source.part);
        return lines.flatMap(({ name: of, value, id }) =>
          of === source.name && value === filled ? { id, text, source } : [],
        );
      });
      const shown = { service: service.name, name, from, order: named.size };
      named.set(idOf(service.name, name), shown);
      byValue.add(Secret.of(text), shown);
      for (const id of new Set(from.map((one) => one.id))) byLine.set(id, [...(byLine.get(id) ?? []), shown]);
    }
  return { named, byValue, byLine };
}

/** The part of a variable that a line fills; null for all of it. */
function withinOf({ text, source }: FilledFrom): AlongVariable["within"] {
  const [start, end] = source.part;
  return end - start === text.length ? null : { value: Secret.of(text), start, length: end - start };
}

const idOf = (service: string, name: string): string => `${service}\0${name}`;
