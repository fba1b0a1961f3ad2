import { UnsprawlError } from "../../model/error.ts";

/** More than any project has, and Compose needs a gigabyte for ten times as many. */
const MOST_EXPANDED = 400_000;

/** Throws `refused` for a document whose aliases would take Compose all memory. */
export function mustStayInBounds(document: unknown, file: string): void {
  if (expandedSize(document) <= MOST_EXPANDED) return;
  throw new UnsprawlError(
    "refused",
    `${file}: its aliases stand for more than ${MOST_EXPANDED.toLocaleString("en")} items`,
    "write out what is meant, in several files",
  );
}

/** The members of yaml's nodes that the count needs. */
type CountedNode = {
  readonly items?: readonly unknown[];
  readonly key?: unknown;
  readonly value?: unknown;
  readonly anchor?: string;
  readonly source?: string;
};

/**
 * How many nodes a document has for a program that puts in place of each alias what it stands for, as Compose does: ten
 * lines can come to a billion of them. Recursive aliases count once.
 */
export function expandedSize(document: unknown): number {
  const sizes = new Map<string, number>();
  const sizeOf = (node: unknown): number => {
    if (typeof node !== "object" || node === null) return 0;
    const { items, key, value, anchor, source } = node as CountedNode;
    // Of a node's members only an alias has a source and no value.
    if (source !== undefined && items === undefined && value === undefined) return sizes.get(source) ?? 1;
    let size = 1;
    if (items !== undefined) for (const item of items) size += sizeOf(item);
    else if (key !== undefined) size += sizeOf(key) + sizeOf(value);
    if (anchor !== undefined) sizes.set(anchor, size);
    return size;
  };
  return sizeOf(document);
}
