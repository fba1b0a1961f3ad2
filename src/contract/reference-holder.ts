/** A container that names entries of a store in its variables or labels. */
export type ReferenceHolder = {
  readonly name: string;
  /** The Compose project or Swarm stack that it belongs to; empty for none. */
  readonly project: string;
  readonly references: readonly string[];
  /** Those of them whose values it mounts; of the others, its own variables and labels alone say that it has them. */
  readonly mounted?: readonly string[];
  /** The names of its values where what they refer to could not be read. */
  readonly unread?: readonly string[];
};
