import { isAlias, isMap, isScalar, isSeq, type Document, type Node, type Pair, type YAMLMap } from "yaml";

export type Member = { readonly key: string; readonly pair: Pair; readonly map: YAMLMap };

/** A document's nodes with aliases followed and what `<<` merges. */
export class Nodes {
  readonly #document: Document;

  constructor(document: Document) {
    this.#document = document;
  }

  get root(): unknown {
    return this.#document.contents;
  }

  follow(node: unknown): unknown {
    return isAlias(node) ? node.resolve(this.#document) : node;
  }

  /** The members of a map. */
  members(node: unknown, depth = 0): readonly Member[] {
    const map = this.follow(node);
    if (!isMap(map) || depth > 20) return [];
    return map.items.flatMap((pair) => {
      const key = keyOf(pair);
      if (key !== "<<") return [{ key, pair, map }];
      const merged = this.follow(pair.value);
      return (isSeq(merged) ? merged.items : [pair.value]).flatMap((one) => this.members(one, depth + 1));
    });
  }

  /** What stands at these keys below a node, as it is written. */
  at(node: unknown, keys: readonly string[]): readonly unknown[] {
    const [first, ...rest] = keys;
    if (first === undefined) return [node];
    return this.members(node).flatMap(({ key, pair }) =>
      key === first && pair.value ? this.at(pair.value, rest) : [],
    );
  }

  /** The items of a list, or the node itself. */
  items(node: unknown): readonly unknown[] {
    const found = this.follow(node);
    return isSeq(found) ? found.items : [node];
  }

  /** The text of a scalar; null for any other node, and for null. */
  text(node: unknown): string | null {
    const scalar = this.follow(node);
    if (!isScalar(scalar) || scalar.value === null) return null;
    return typeof scalar.value === "string" ? scalar.value : (scalar.source ?? JSON.stringify(scalar.value));
  }
}

export const tagOf = (node: unknown): string => (node as Node | null | undefined)?.tag ?? "";
export const rangeOf = (node: unknown): readonly [number, number] => {
  const [start = 0, end = 0] = (node as Node | null | undefined)?.range ?? [];
  return [start, end];
};

const keyOf = ({ key }: Pair): string => String(isScalar(key) ? key.value : key);
