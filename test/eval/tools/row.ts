import type { Random } from "./random.ts";

/** Where a value stands; the places of a container that carry values. */
export type Where = "env" | "image-env" | "cmd" | "entrypoint" | "label" | "history" | "build-arg" | "healthcheck";

/** One labelled line of the evaluation. The label follows the policy's letter; a debatable value is not drawn. */
export type Row = {
  readonly id: string;
  readonly where: Where;
  readonly name: string;
  readonly value: string;
  readonly secret: boolean;
  readonly kind: string;
};

export type Drawn = { readonly where: Where; readonly name: string; readonly value: string };

/** A sort of row. `make` binds it to a stream of choices and returns what draws one row at a time. */
export type Kind = {
  readonly kind: string;
  readonly weight: number;
  readonly make: (random: Random) => () => Drawn;
};

/** In a container's environment mostly, sometimes in its image's. */
export function env(random: Random, name: string, value: string): Drawn {
  return { where: random.chance(0.82) ? "env" : "image-env", name, value };
}

/** A command: as a shell line, as one through `sh -c`, or in exec form, as inspect shows it. */
export function command(random: Random, words: readonly string[], place?: "cmd" | "entrypoint"): Drawn {
  const where = place ?? (random.chance(0.75) ? "cmd" : "entrypoint");
  const name = where === "cmd" ? "Cmd" : "Entrypoint";
  const line = words.map(quoted).join(" ");
  const form = random.int(0, 3);
  if (form === 0) return { where, name, value: line };
  if (form === 1) return { where, name, value: JSON.stringify(["/bin/sh", "-c", line]) };
  return { where, name, value: JSON.stringify(words) };
}

/** A word as a shell takes it. */
function quoted(word: string): string {
  if (/^[\w@%+=:,./-]+$/.test(word)) return word;
  return `'${word.replaceAll("'", `'\\''`)}'`;
}
