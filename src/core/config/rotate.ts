import { formed, map, may, mayBeNull, named, says, type SchemaValue } from "../../kit/schema/index.ts";

/** How often secrets are to be rotated, in days; what a name says goes before its rule, and that before all. */
export type RotationSchedule = {
  readonly every: number | null;
  readonly rules: ReadonlyMap<string, number>;
  readonly names: ReadonlyMap<string, number>;
};

const DAYS = formed(/^[1-9]\d{0,3}d$/, says("must be a number of days", "every: 90d"));

/** `rotate:` in a configuration. */
export const ROTATE = map({
  every: may("remind when a moved secret was last rotated this long ago, such as 90d", DAYS),
  rules: mayBeNull("the same by rule", named(DAYS)),
  names: mayBeNull("the same by the name of a variable", named(DAYS)),
});

/** The schedule of a file; null without a `rotate:` section. */
export function readRotate(given: SchemaValue<typeof ROTATE> | null | undefined): RotationSchedule | null {
  if (given === undefined || given === null) return null;
  const days = (text: string): number => Number(text.slice(0, -1));
  const all = (of: { readonly [name: string]: string } | null | undefined): ReadonlyMap<string, number> =>
    new Map(Object.entries(of ?? {}).map(([name, text]) => [name, days(text)]));
  return {
    every: given.every === undefined ? null : days(given.every),
    rules: all(given.rules),
    names: all(given.names),
  };
}
