/** What `agent install` can make a service of the agent for. */
export const AGENT_FORMS = ["systemd", "compose", "swarm"] as const;
export type AgentForm = (typeof AGENT_FORMS)[number];

export type AgentInstall = {
  /** Flags of `agent`, by their words. */
  readonly words: readonly string[];
  /** The words that start unsprawl on this machine. */
  readonly program: readonly string[];
  /** An image with unsprawl in it; null for systemd. */
  readonly image: string | null;
  /** The configuration file, by its whole path; null for the one in its usual place. */
  readonly config: string | null;
  /** The state folder, `$XDG_STATE_HOME/unsprawl`: the index that migrations of this host write. */
  readonly state: string;
  /** Where the files of values are, on tmpfs. */
  readonly memory: string;
  /** The agent's credentials. */
  readonly home: string;
  /** The engine's socket; null where it is reached in another way. */
  readonly socket: string | null;
  /** `$HOME` of the user whose state it is. */
  readonly userHome: string;
  /** The folder of a user's own units, for an agent without root; null for root's. */
  readonly userUnits: string | null;
};
