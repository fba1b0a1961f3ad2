import { UnsprawlError } from "../../../src/model/error.ts";

/** What stands in the way of some variables: the rest can move without them. */
export class Blocked extends UnsprawlError {
  readonly blocks: (service: string, name: string) => boolean;

  constructor(message: string, hint: string | null, blocks: (service: string, name: string) => boolean) {
    super("refused", message, hint);
    this.blocks = blocks;
  }
}
