/** A variable that a file declares. */
export type DeclaredVariable = {
  readonly name: string;
  readonly value: string;
  /** The first and the last line of the value, from 1. */
  readonly line: number;
  readonly lastLine: number;
  /** What declares it, as people read it: `jobs.test.env`. */
  readonly of: string;
};

/** What a file declares. `exposure`: who else can read its values, in plain English. */
export type DeclaredVariables = {
  readonly variables: readonly DeclaredVariable[];
  readonly exposure: readonly string[];
};

/** Reads the variables of a format's files for a source that comes by files of any kind, such as `dir:`. */
export interface DeclaredReader {
  /** Whether a file of this path may declare variables. Called for each file of a folder, none of which is open yet. */
  mayDeclare(file: string): boolean;
  /** Null for a file of another kind, which a broken one counts as: its text is still searched. */
  read(file: string, bytes: Uint8Array): Promise<DeclaredVariables | null>;
}
