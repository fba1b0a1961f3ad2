/** A document by field: what stands in each, as texts that can be compared, or as digests of them. */
export type DocumentFields = { readonly [field: string]: readonly string[] };

/**
 * How a field may differ from what it was: not at all; by items that are gone; by items that are new; in anything if it
 * was there before; in anything.
 */
export type Tolerance = "equal" | "may shrink" | "may grow" | "may change" | "may differ";

/** By field. A field that is not in the table must be equal. */
export type Tolerances = { readonly [field: string]: Tolerance };

/** The fields in which a document differs from what it was in more than the table allows, in their order. */
export function differences(was: DocumentFields, is: DocumentFields, table: Tolerances = {}): string[] {
  const fields = [...new Set([...Object.keys(was), ...Object.keys(is)])];
  return fields.filter((field) => {
    const [before, now] = [was[field] ?? [], is[field] ?? []];
    return !equal(before, now) && !ALLOWS[table[kindOf(field)] ?? "equal"](before, now);
  });
}

/** One row of the table holds for every network, whatever its name. */
export const NETWORK = "the network ";
const kindOf = (field: string): string => (field.startsWith(NETWORK) ? NETWORK : field);

type Compared = (before: readonly string[], now: readonly string[]) => boolean;
const equal: Compared = (before, now) => before.length === now.length && before.every((item, at) => item === now[at]);
const ALLOWS: { readonly [name in Tolerance]: Compared } = {
  equal: () => false,
  "may shrink": (before, now) => now.every((item) => before.includes(item)),
  "may grow": (before, now) => before.every((item) => now.includes(item)),
  "may change": (before) => before.length > 0,
  "may differ": () => true,
};

/** A field's items: the elements of a list, the pairs of a map, otherwise the value itself; none if it is empty. */
export function itemsOf(value: unknown): string[] {
  if (Array.isArray(value)) return value.map(comparable);
  if (typeof value === "object" && value !== null) return Object.entries(value).map(comparable).sort();
  return [comparable(value)].filter((one) => one !== "");
}

/** A value as text in which absent, null, empty, false and 0 are equal, and the order of keys does not count. */
export function comparable(node: unknown): string {
  if (node === null || node === undefined || node === "" || node === false || node === 0) return "";
  if (Array.isArray(node)) return node.length === 0 ? "" : `[${node.map(comparable).join("\0")}]`;
  if (typeof node !== "object") return JSON.stringify(node);
  const pairs = Object.entries(node)
    .map(([name, one]) => [JSON.stringify(name), comparable(one)])
    .filter(([, one]) => one !== "")
    .map((pair) => pair.join(":"))
    .sort();
  return pairs.length === 0 ? "" : `{${pairs.join("\0")}}`;
}

/** The last part of a path: links in inspect name containers as `/db:/web/db`. */
export const baseName = (path: string): string => path.split("/").at(-1) ?? "";
