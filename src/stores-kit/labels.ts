import type { BesideValue } from "../model/beside.ts";

/** The labels of an entry, without those that only unsprawl writes (`isTheirs` is false). */
export function labelsIn(
  all: { readonly [name: string]: unknown },
  isTheirs: (name: string) => boolean,
): Pick<BesideValue, "labels"> {
  const labels = Object.entries(all).flatMap(([name, text]) =>
    typeof text === "string" && isTheirs(name) ? [[name, text] as const] : [],
  );
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}
