/** What a core verb tells while it works. The faces draw it, the journal does not need it. */
export type HostEvent =
  | {
      readonly type: "scan";
      readonly source: string;
      readonly done: number;
      readonly total: number | null;
      /** Of large data that is under way. */
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
    }
  | { readonly type: "note"; readonly level: "info" | "warn"; readonly text: string; readonly hint: string | null };

export type HostQuestion = {
  /** Names the decision; scripted mode answers it from the flag of this name. */
  readonly flag: string;
  readonly text: string;
};

/** The face under which a verb runs: hears events, answers questions, can call it off. */
export interface Host {
  emit(event: HostEvent): void;
  /** Scripted mode answers from flags or throws `usage` naming the flag; periodic mode says no. */
  ask(question: HostQuestion): Promise<boolean>;
  readonly signal: AbortSignal;
}
