import { parseRegex, type Node } from "./regex-tree.ts";

/**
 * Counts what a backtracking matcher does, as V8's does it: so that cost is a number that is the same on every machine,
 * and an expression that blows up ends at a limit instead of hanging.
 */
export type Steps = {
  /** How many steps it takes to look for a match from each place on; infinite once there are more than `limit`. */
  readonly search: (
    text: string,
    limit: number,
  ) => { readonly steps: number; readonly at: number; readonly end: number };
};

type Back = { pc: number; pos: number; last: number; step: number; regs: readonly number[] };
type Op =
  | { readonly op: "one"; readonly fits: Fits }
  | { readonly op: "many"; readonly fits: Fits; readonly min: number; readonly max: number; readonly greedy: boolean }
  | { readonly op: "split"; readonly first: number; readonly second: number }
  | { readonly op: "jump"; readonly to: number }
  | { readonly op: "put"; readonly reg: number }
  | { readonly op: "moved"; readonly reg: number }
  | { readonly op: "at"; readonly fits: (text: string, pos: number) => boolean }
  | { readonly op: "look"; readonly program: Program; readonly negative: boolean }
  | { readonly op: "again"; readonly reg: number }
  | { readonly op: "match" };
type Program = { readonly ops: readonly Op[]; readonly way: 1 | -1 };
type Fits = (code: number) => boolean;

export function steps(source: string, flags: string): Steps {
  const { tree, groups } = parseRegex(source, flags);
  const program = compile(tree, groups * 2);
  return {
    search(text, limit) {
      const count = { steps: 0, limit };
      for (let at = 0; at <= text.length; at++) {
        const end = run(program, text, at, [], count)?.pos ?? -1;
        if (count.steps > limit) return { steps: Infinity, at: -1, end: -1 };
        if (end >= 0) return { steps: count.steps, at, end };
      }
      return { steps: count.steps, at: -1, end: -1 };
    },
  };
}

/** The state at the match that begins at `at`, or null. */
function run(
  { ops, way }: Program,
  text: string,
  at: number,
  given: readonly number[],
  count: { steps: number; readonly limit: number },
): { pos: number; regs: readonly number[] } | null {
  const backs: Back[] = [];
  let pc = 0;
  let pos = at;
  let regs = given;
  const codeAt = (place: number): number => text.charCodeAt(way === 1 ? place : place - 1); // NaN behind the ends
  for (;;) {
    if (++count.steps > count.limit) return null;
    const op = ops[pc] as Op;
    let ok = true;
    switch (op.op) {
      case "match":
        return { pos, regs };
      case "one":
        ok = op.fits(codeAt(pos));
        pos += way;
        break;
      case "many": {
        let seen = 0;
        const most = op.greedy ? op.max : op.min;
        while (seen < most && op.fits(codeAt(pos + seen * way))) seen++;
        count.steps += seen;
        ok = seen >= op.min;
        if (!ok) break;
        const start = pos;
        pos += seen * way;
        if (op.greedy && seen > op.min)
          backs.push({ pc: pc + 1, pos: pos - way, last: start + op.min * way, step: -way, regs });
        if (!op.greedy && op.max > op.min) backs.push({ pc, pos, last: start + op.max * way, step: way, regs });
        break;
      }
      case "split":
        backs.push({ pc: op.second, pos, last: pos, step: 0, regs });
        pc = op.first;
        continue;
      case "jump":
        pc = op.to;
        continue;
      case "put":
        regs = put(regs, op.reg, pos);
        break;
      case "moved":
        ok = regs[op.reg] !== pos;
        break;
      case "at":
        ok = op.fits(text, pos);
        break;
      case "look": {
        const inner = run(op.program, text, pos, regs, count);
        ok = (inner !== null) !== op.negative;
        if (inner !== null && !op.negative) regs = inner.regs;
        break;
      }
      case "again": {
        const [a = -1, b = -1] = [regs[op.reg], regs[op.reg + 1]];
        const piece = a < 0 || b < 0 ? "" : text.slice(Math.min(a, b), Math.max(a, b));
        ok = way === 1 ? text.startsWith(piece, pos) : text.slice(0, pos).endsWith(piece);
        pos += way * piece.length;
        break;
      }
    }
    if (ok) {
      pc++;
      continue;
    }
    for (;;) {
      const back = backs.at(-1);
      if (back === undefined) return null;
      const many = ops[back.pc];
      if (back.step === 0) {
        backs.pop();
        ({ pc, pos, regs } = back);
        break;
      }
      if (back.step === way) {
        // A lazy repeat takes one more.
        const lazy = many as Extract<Op, { op: "many" }>;
        count.steps++;
        if (back.pos === back.last || !lazy.fits(codeAt(back.pos))) {
          backs.pop();
          continue;
        }
        back.pos += way;
        ({ pos, regs } = back);
        pc = back.pc + 1;
        break;
      }
      ({ pc, pos, regs } = back);
      if (back.pos === back.last) backs.pop();
      else back.pos += back.step;
      break;
    }
  }
}

function put(regs: readonly number[], reg: number, pos: number): readonly number[] {
  const next = [...regs];
  next[reg] = pos;
  return next;
}

function compile(tree: Node, firstMark: number): Program {
  let marks = firstMark;
  const program = (node: Node, way: 1 | -1): Program => {
    const ops: Op[] = [];
    const emit = (node: Node): void => {
      switch (node.kind) {
        case "set":
          ops.push({ op: "one", fits: node.fits });
          break;
        case "list":
          for (const item of way === 1 ? node.items : node.items.toReversed()) emit(item);
          break;
        case "either": {
          const ends: number[] = [];
          for (const [index, item] of node.items.entries()) {
            if (index === node.items.length - 1) {
              emit(item);
              break;
            }
            const split = ops.push({ op: "jump", to: 0 }) - 1;
            emit(item);
            ends.push(ops.push({ op: "jump", to: 0 }) - 1);
            ops[split] = { op: "split", first: split + 1, second: ops.length };
          }
          for (const end of ends) ops[end] = { op: "jump", to: ops.length };
          break;
        }
        case "group":
          if (node.again) ops.push({ op: "put", reg: (node.number - 1) * 2 + (way === 1 ? 0 : 1) });
          emit(node.item);
          if (node.again) ops.push({ op: "put", reg: (node.number - 1) * 2 + (way === 1 ? 1 : 0) });
          break;
        case "again":
          ops.push({ op: "again", reg: (node.number - 1) * 2 });
          break;
        case "at":
          ops.push({ op: "at", fits: node.fits });
          break;
        case "look":
          ops.push({ op: "look", program: program(node.item, node.behind ? -1 : 1), negative: node.negative });
          break;
        case "repeat":
          repeat(node);
      }
    };
    const split = (at: number, greedy: boolean, one: number, other: number): void => {
      ops[at] = { op: "split", first: greedy ? one : other, second: greedy ? other : one };
    };
    const repeat = ({ item, min, max, greedy }: Extract<Node, { kind: "repeat" }>): void => {
      if (item.kind === "set") {
        ops.push({ op: "many", fits: item.fits, min, max, greedy });
        return;
      }
      for (let times = 0; times < min; times++) emit(item);
      const mark = marks++;
      if (max === Infinity) {
        const start = ops.push({ op: "jump", to: 0 }) - 1;
        ops.push({ op: "put", reg: mark });
        emit(item);
        ops.push({ op: "moved", reg: mark }, { op: "jump", to: start });
        split(start, greedy, start + 1, ops.length);
        return;
      }
      const starts: number[] = [];
      for (let times = min; times < max; times++) {
        starts.push(ops.push({ op: "jump", to: 0 }) - 1);
        emit(item);
      }
      for (const start of starts) split(start, greedy, start + 1, ops.length);
    };
    emit(node);
    ops.push({ op: "match" });
    return { ops, way };
  };
  return program(tree, 1);
}
