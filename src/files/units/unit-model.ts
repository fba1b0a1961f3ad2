import type { SystemdEnvEntry } from "./systemd-env.ts";
import type { UnitSetting, UnitWord } from "./unit-file.ts";

export type UnitText = { readonly file: string; readonly text: string; readonly settings: readonly UnitSetting[] };

/** A variable that a unit sets: by a word of `Environment=`, or by an entry of a file. */
export type Assignment = {
  readonly file: string;
  readonly text: string;
  readonly line: number;
  readonly name: string;
  readonly value: string;
  /** Why it cannot be moved as it is written; null if it can. */
  readonly fault: string | null;
  /** What systemd fills into the value, which is the whole one: `DB_PASSWORD` in `postgres://web:${DB_PASSWORD}@db`. */
  readonly filledFrom?: readonly Assignment[];
  readonly by:
    | { readonly kind: "word"; readonly word: UnitWord; readonly setting: UnitSetting }
    | {
        readonly kind: "entry";
        readonly entry: Pick<SystemdEnvEntry, "start" | "end" | "valueStart" | "valueEnd" | "quote">;
      };
};

export type SystemdUnit = {
  /** `api.service`, `api.container`. */
  readonly name: string;
  /** Where its main file is or would be: there may be drop-ins only. */
  readonly file: string;
  /** The main file and its drop-ins, in systemd's order. */
  readonly texts: readonly UnitText[];
  readonly envFiles: readonly string[];
  /** In the order in which they take effect: the last of a name counts. */
  readonly assignments: readonly Assignment[];
  /** For a Quadlet container: what the service has that starts it, in the same order, which systemd fills into settings. */
  readonly service: readonly Assignment[];
  /** Of that, what the container does not have from the same file. */
  readonly ofService: readonly Assignment[];
  /** Files that it names and that could not be read. */
  readonly errors: readonly UnitFault[];
};

export type UnitFault = { readonly subject: string; readonly message: string; readonly hint: string };
