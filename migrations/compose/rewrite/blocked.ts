import { UnsprawlError } from "../../../src/model/error.ts";

/** A refusal that concerns only some variables: the others can be migrated without them. */
export class Blocked extends UnsprawlError {
  readonly blocks: (service: string, name: string) => boolean;
  /** The service beside those that move that has the value too, if that is the reason. */
  readonly beside: string | null;

  constructor(
    message: string,
    hint: string | null,
    blocks: (service: string, name: string) => boolean,
    beside: string | null = null,
  ) {
    super("refused", message, hint);
    this.blocks = blocks;
    this.beside = beside;
  }
}
