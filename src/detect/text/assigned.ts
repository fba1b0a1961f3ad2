import type { TextKind } from "./kind.ts";

/** A literal that a text assigns to a name, with what stands around it on its line. */
export type Assigned = {
  readonly name: string;
  readonly value: string;
  /** In quotes, or between the tags of an element. */
  readonly quoted: boolean;
  /** The line before the name, and behind the value. */
  readonly lead: string;
  readonly tail: string;
  readonly path: string;
  /** The path from the folder that is scanned. */
  readonly below: string;
  readonly kind: TextKind;
};
