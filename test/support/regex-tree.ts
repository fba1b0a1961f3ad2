/** A regular expression as a tree; sets of characters are asked of the engine itself, one character at a time. */
export type Node =
  | { readonly kind: "set"; readonly fits: (code: number) => boolean; readonly source: string }
  | { readonly kind: "list"; readonly items: readonly Node[] }
  | { readonly kind: "either"; readonly items: readonly Node[] }
  | { readonly kind: "group"; readonly number: number; readonly item: Node; again: boolean }
  | { readonly kind: "again"; readonly number: number }
  | { readonly kind: "at"; readonly fits: (text: string, pos: number) => boolean }
  | { readonly kind: "look"; readonly item: Node; readonly behind: boolean; readonly negative: boolean }
  | {
      readonly kind: "repeat";
      readonly item: Node;
      readonly min: number;
      readonly max: number;
      readonly greedy: boolean;
    };

/** Reads what the product's expressions use; throws for the rest (property escapes, modifiers, nested classes). */
export function parseRegex(source: string, flags: string): { readonly tree: Node; readonly groups: number } {
  const cache = new Map<string, Node>();
  const groups: Extract<Node, { kind: "group" }>[] = [];
  const names = new Map<string, number>();
  const again: number[] = [];
  let at = 0;
  let opened = 0;

  const fail = (): never => {
    throw new Error(`not understood at ${at} of /${source}/${flags}`);
  };
  const take = (text: string): boolean => {
    const there = source.startsWith(text, at);
    if (there) at += text.length;
    return there;
  };
  const match = (pattern: RegExp): RegExpExecArray | null => {
    const found = new RegExp(pattern, "y");
    found.lastIndex = at;
    const result = found.exec(source);
    if (result !== null) at = found.lastIndex;
    return result;
  };

  const either = (): Node => {
    const items: Node[] = [list()];
    while (take("|")) items.push(list());
    return items.length === 1 ? (items[0] as Node) : { kind: "either", items };
  };
  const list = (): Node => {
    const items: Node[] = [];
    while (at < source.length && source[at] !== "|" && source[at] !== ")") items.push(repeated(atom()));
    return items.length === 1 ? (items[0] as Node) : { kind: "list", items };
  };
  const repeated = (item: Node): Node => {
    const found = match(/[*+?]|\{(\d+)(,?)(\d*)\}/);
    if (found === null) return item;
    const [sign, low, comma, high] = found;
    const min = sign === "+" ? 1 : low === undefined ? 0 : Number(low);
    const max =
      sign === "?" ? 1 : low === undefined ? Infinity : comma === "" ? min : high === "" ? Infinity : Number(high);
    return { kind: "repeat", item, min, max, greedy: !take("?") };
  };
  const atom = (): Node => {
    if (take("(?:")) return closed(either());
    const look = match(/\(\?(<?)([=!])/);
    if (look !== null)
      return { kind: "look", item: closed(either()), behind: look[1] === "<", negative: look[2] === "!" };
    const group = match(/\((?:\?<(\w+)>)?(?!\?)/);
    if (group !== null) {
      const number = ++opened;
      if (group[1] !== undefined) names.set(group[1], number);
      const node = { kind: "group" as const, number, item: closed(either()), again: false };
      groups[number] = node;
      return node;
    }
    if (take("^"))
      return {
        kind: "at",
        fits: (text, pos) => pos === 0 || (flags.includes("m") && /[\n\r\u2028\u2029]/.test(text.charAt(pos - 1))),
      };
    if (take("$"))
      return {
        kind: "at",
        fits: (text, pos) =>
          pos === text.length || (flags.includes("m") && /[\n\r\u2028\u2029]/.test(text.charAt(pos))),
      };
    const edge = match(/\\[bB]/);
    if (edge !== null)
      return { kind: "at", fits: (text, pos) => (isWord(text, pos - 1) !== isWord(text, pos)) === (edge[0] === "\\b") };
    const back = match(/\\(?:([1-9])|k<(\w+)>)/);
    if (back !== null) {
      const number = back[1] === undefined ? (names.get(back[2] as string) ?? fail()) : Number(back[1]);
      again.push(number);
      return { kind: "again", number };
    }
    const set = match(
      /\[\^?(?:\\.|[^\\\]])*\]|\\(?:x[0-9A-Fa-f]{2}|u[0-9A-Fa-f]{4}|c[A-Za-z]|[pP]\{\w+\}|[^xucpPk])|[^\\()[\]|*+?^$]|\]/,
    );
    return set === null ? fail() : setOf(set[0]);
  };
  const closed = (node: Node): Node => (take(")") ? node : fail());
  const setOf = (text: string): Node => {
    const known = cache.get(text);
    if (known !== undefined) return known;
    const one = new RegExp(`^(?:${text})$`, flags.replace(/[dgmy]/g, ""));
    const table = Uint8Array.from({ length: 256 }, (_, code) => (one.test(String.fromCharCode(code)) ? 1 : 0));
    const fits = (code: number): boolean =>
      code < 256 ? table[code] === 1 : code <= 0xffff && one.test(String.fromCharCode(code));
    const node = { kind: "set" as const, fits, source: text };
    cache.set(text, node);
    return node;
  };

  const tree = either();
  if (at < source.length) fail();
  for (const number of again) (groups[number] as { again: boolean }).again = true;
  return { tree, groups: opened };
}

function isWord(text: string, at: number): boolean {
  return /^\w$/.test(text.charAt(at));
}
