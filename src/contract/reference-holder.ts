/** A container that names entries of a store in its variables or labels. */
export type ReferenceHolder = {
  readonly name: string;
  /** The Compose project or Swarm stack that it belongs to; empty for none. */
  readonly project: string;
  readonly references: readonly string[];
  /** The names of its values where what they refer to could not be read. */
  readonly unread?: readonly string[];
};
