import { parseRegex, type Node } from "./regex-tree.ts";

/** A text to begin with and one to repeat. */
export type Attack = { readonly start: string; readonly piece: string };

type Repeat = Extract<Node, { kind: "repeat" }>;
/** A repeat, and the shortest text that leads to it. */
type Spot = { readonly before: string; readonly repeat: Repeat };

/** Characters that stand for all that the expression's sets tell apart, the least surprising first. */
const ALPHABET = [
  ...Array.from("aA0_-.:/=,;@ \"'\n\t\\"),
  ...Array.from({ length: 95 }, (_, at) => String.fromCharCode(32 + at)),
];
const OTHERS = ["\0", "\r", "é", "\ud800"];

/**
 * Texts on which a matcher of this expression has the most to do: each repeat pumped, the way to it repeated, its
 * longest run repeated, and nearly a match over and over.
 */
export function attacks(source: string, flags: string): readonly Attack[] {
  const { tree } = parseRegex(source, flags);
  const sets = new Map<string, Extract<Node, { kind: "set" }>>();
  each(tree, (node) => {
    if (node.kind === "set") sets.set(node.source, node);
  });
  const classes = new Map<string, string>();
  for (const char of [...ALPHABET, ...OTHERS]) {
    const key = [...sets.values()].map((set) => (set.fits(char.charCodeAt(0)) ? "1" : "0")).join("");
    if (!classes.has(key)) classes.set(key, char);
  }
  const weight = ([key]: readonly [string, string]): number => key.replaceAll("0", "").length;
  const chars = [...classes].sort((a, b) => weight(b) - weight(a)).map(([, char]) => char);

  const found = new Map<string, Attack>();
  const add = (start: string, piece: string): void => {
    if (piece !== "" && piece.length <= 20_000) found.set(`${start}\n${piece}`, { start, piece });
  };
  for (const char of chars.slice(0, 12)) {
    add("", char);
    add("\0", char);
  }
  for (const { before, repeat } of spots(tree, "")) {
    const pumps = pumpsOf(repeat.item, chars);
    const seams = seamsOf(repeat.item);
    for (const seam of seams) add("", before + seam);
    for (const pump of pumps.filter((text) => text !== "")) {
      add(before, pump);
      add("", before + pump);
      for (const seam of seams) add("", before + pump + seam);
      if (repeat.max >= 4) {
        const times = Math.min(repeat.max, 400);
        add("", before + pump.repeat(Math.max(repeat.min, Math.min(repeat.max, 8))));
        add("", before + pump.repeat(times));
        // The longest run that the repeat takes, once and behind it what fits nothing.
        if (repeat.max > 400) add(before, pump.repeat(Math.min(repeat.max, Math.ceil(16_384 / pump.length))));
      }
    }
  }
  const whole = shortest(tree);
  add("", whole);
  add("", whole.slice(0, -1));
  add("", `${whole.slice(0, -1)}\0`);
  return [...found.values()];
}

/** The attack at this length; it ends in what few sets take. */
export function filled({ start, piece }: Attack, length: number): string {
  return `${(start + piece.repeat(Math.ceil(length / piece.length))).slice(0, length - 1)}\0`;
}

function pumpsOf(item: Node, chars: readonly string[]): readonly string[] {
  if (item.kind === "set") return chars.filter((char) => item.fits(char.charCodeAt(0))).slice(0, 2);
  if (item.kind === "group") return pumpsOf(item.item, chars);
  if (item.kind === "either") return item.items.slice(0, 4).flatMap((one) => pumpsOf(one, chars).slice(0, 1));
  const first = shortest(item);
  // Inside a repeated list a single character that all of it takes is the worst.
  const all = chars.find((char) => {
    let every = true;
    each(item, (node) => {
      if (node.kind === "set" && !node.fits(char.charCodeAt(0))) every = false;
    });
    return every;
  });
  return all === undefined ? [first] : [first, all];
}

/**
 * Between one way to a repeat and the next, both inside the repeat: no letter, where the way begins at the edge of a
 * word, and a line's end, where it begins a line. `\bfor \w+ in [^;]*x` is slow on `for a in for a in …` only.
 */
function seamsOf(item: Node): readonly string[] {
  const found: string[] = [];
  for (const seam of [ALPHABET.find((char) => /\W/.test(char) && takes(item, char)), takes(item, "\n") ? "\n" : ""])
    if (seam !== undefined && seam !== "" && !found.includes(seam)) found.push(seam);
  return found;
}

/** Whether a set in the node has the character. */
function takes(node: Node, char: string): boolean {
  let found = false;
  each(node, (one) => {
    found ||= one.kind === "set" && one.fits(char.charCodeAt(0));
  });
  return found;
}

function spots(node: Node, before: string): Spot[] {
  switch (node.kind) {
    case "repeat":
      return [{ before, repeat: node }, ...(node.item.kind === "set" ? [] : spots(node.item, before))];
    case "group":
      return spots(node.item, before);
    case "look":
      return spots(node.item, before);
    case "either":
      return node.items.flatMap((item) => spots(item, before));
    case "list": {
      let lead = before;
      return node.items.flatMap((item) => {
        const inner = spots(item, lead);
        lead += shortest(item);
        return inner;
      });
    }
    default:
      return [];
  }
}

/** A short text that the node takes, as far as that shows without trying. */
function shortest(node: Node): string {
  switch (node.kind) {
    case "set":
      return [...ALPHABET, ...OTHERS].find((char) => node.fits(char.charCodeAt(0))) ?? "";
    case "list":
      return node.items.map(shortest).join("");
    case "either":
      return shortest(node.items[0] as Node);
    case "group":
      return shortest(node.item);
    case "repeat":
      return shortest(node.item).repeat(node.min);
    default:
      return "";
  }
}

function each(node: Node, tell: (node: Node) => void): void {
  tell(node);
  if (node.kind === "list" || node.kind === "either") for (const item of node.items) each(item, tell);
  else if (node.kind === "group" || node.kind === "look" || node.kind === "repeat") each(node.item, tell);
}
