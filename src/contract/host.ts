/** Progress of a core verb. Faces display it; the journal does not use it. */
export type HostEvent =
  | {
      readonly type: "scan";
      readonly source: string;
      readonly done: number;
      readonly total: number | null;
      /** For large data in progress. */
      readonly bytes?: { readonly done: number; readonly total: number | null };
    }
  | {
      readonly type: "step";
      readonly step: string;
      readonly unit: string;
      readonly text: string;
      readonly state: "start" | "done" | "failed" | "undone";
      readonly done: number;
      readonly total: number;
      /** With `start`: how long the step may take at most; absent if unknown. */
      readonly limitMs?: number;
    }
  | {
      /** What the step that started last does or waits for now, until its next phase or its end. */
      readonly type: "phase";
      readonly step: string;
      readonly unit: string;
      readonly text: string;
      /** How long the phase may take at most; absent if unknown. */
      readonly limitMs?: number;
    }
  | { readonly type: "note"; readonly level: "info" | "warn"; readonly text: string; readonly hint: string | null };

export type HostQuestion = {
  /** Names the decision. In scripted mode the flag of this name is the answer. */
  readonly flag: string;
  readonly text: string;
};

/** The face that runs a verb: receives events, answers questions, can cancel. */
export interface Host {
  emit(event: HostEvent): void;
  /** Scripted mode answers from flags or throws `usage` naming the flag; periodic mode answers no. */
  ask(question: HostQuestion): Promise<boolean>;
  readonly signal: AbortSignal;
}
