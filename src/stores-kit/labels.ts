import type { BesideValue } from "../model/beside.ts";

/** The labels of an entry, without unsprawl's mark and those that begin with `own`: only the store or unsprawl writes them. */
export function labelsIn(
  all: { readonly [name: string]: unknown },
  ...own: readonly string[]
): Pick<BesideValue, "labels"> {
  const labels = Object.entries(all).flatMap(([name, text]) => {
    const isOwn = (name === "managed-by" && text === "unsprawl") || own.some((begin) => name.startsWith(begin));
    return typeof text === "string" && !isOwn ? [[name, text] as const] : [];
  });
  return labels.length === 0 ? {} : { labels: Object.fromEntries(labels) };
}
