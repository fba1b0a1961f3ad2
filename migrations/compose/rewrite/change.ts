import type { ComposeChange } from "../delivery/change.ts";
import type { Rewording } from "../words/rewording.ts";
import type { CarriedSecret } from "./carries.ts";

/** A moved variable, as a diff shows it and as other texts are compared with it. */
export type MovedText = CarriedSecret & { readonly name: string; readonly masked: string };

/** What a service gets instead of its secrets. */
export type ServiceChange = {
  readonly service: string;
  readonly change: ComposeChange;
  readonly moves: readonly MovedText[];
  /** What the container runs, including the image's defaults. */
  readonly entrypoint: readonly string[];
  readonly cmd: readonly string[];
  /** Its health check's command as the engine has it, or null. */
  readonly health: readonly string[] | null;
  /** The words that replace the present ones; null where those hold no moved value. */
  readonly words: Rewording | null;
};

/** The variables that a service's change moves. */
export const namesOf = ({ moves }: Pick<ServiceChange, "moves">): readonly string[] => moves.map(({ name }) => name);
