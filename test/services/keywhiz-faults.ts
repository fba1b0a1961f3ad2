import { setTimeout as sleep } from "node:timers/promises";

/** What goes wrong with a request that matches, `times` times over (once unless told), or with every one at Infinity. */
export type KeywhizFault = {
  readonly method?: RegExp;
  readonly path: RegExp;
  /** Only requests whose path and body, a line between them, match this. */
  readonly about?: RegExp;
  readonly times?: number;
} & (
  | Interruption
  /** The request waits, and whatever else is to go wrong then does. */
  | { readonly kind: "delay"; readonly ms: number }
  | { readonly kind: "hold"; readonly until: Promise<unknown> }
);

/** Waits aside, what goes wrong with one request. */
export type Interruption =
  /** Answered before anything is done. */
  | { readonly kind: "status"; readonly status: number; readonly retryAfter?: string }
  /** The connection ends before anything is done. */
  | { readonly kind: "undone" }
  /** Done, and the connection ends in the middle of the answer. */
  | { readonly kind: "reset" }
  /** Done, and the connection ends before the answer. */
  | { readonly kind: "lost" };

/** Rules that were added together. */
export type Added = {
  /** How many times they are still to strike. */
  readonly left: () => number;
  readonly end: () => void;
};

type Installed = { readonly fault: KeywhizFault; left: number };

export class KeywhizFaults {
  #rules: Installed[] = [];

  add(...faults: readonly KeywhizFault[]): Added {
    const added = faults.map((fault): Installed => ({ fault, left: fault.times ?? 1 }));
    this.#rules.push(...added);
    return {
      left: () => sumOf(added),
      end: () => void (this.#rules = this.#rules.filter((rule) => !added.includes(rule))),
    };
  }

  clear(): void {
    this.#rules = [];
  }

  /** How many times something is still to go wrong. */
  get left(): number {
    return sumOf(this.#rules);
  }

  /** Sits out the delays of a request and says what else goes wrong with it. */
  async meet(method: string, path: string, body = ""): Promise<Interruption | null> {
    for (const rule of [...this.#rules]) {
      const { fault } = rule;
      if (rule.left === 0 || !fault.path.test(path) || fault.method?.test(method) === false) continue;
      if (fault.about?.test(`${path}\n${body}`) === false) continue;
      rule.left--;
      if (fault.kind === "delay") await sleep(fault.ms, undefined, { ref: false });
      else if (fault.kind === "hold") await fault.until;
      else return fault;
    }
    return null;
  }
}

function sumOf(rules: readonly Installed[]): number {
  return rules.reduce((sum, { left }) => sum + left, 0);
}
