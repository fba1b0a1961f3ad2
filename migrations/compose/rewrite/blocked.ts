import { UnsprawlError } from "../../../src/model/error.ts";

/** A refusal that concerns only some variables: the others can be migrated without them. */
export class Blocked extends UnsprawlError {
  readonly blocks: (service: string, name: string) => boolean;

  constructor(message: string, hint: string | null, blocks: (service: string, name: string) => boolean) {
    super("refused", message, hint);
    this.blocks = blocks;
  }
}
