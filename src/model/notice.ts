import { CHANGE_KINDS, type Change } from "./change.ts";
import type { Severity } from "./finding.ts";

/** What a channel can report: the kinds of changes, and `agent` for what the agent of a host did. */
export const NOTICE_KINDS = [...CHANGE_KINDS, "agent"] as const;
export type NoticeKind = (typeof NOTICE_KINDS)[number];

/**
 * `applied`: a changed value reached its containers. `stopped`: a container is not well with it, and the others keep what
 * they have. `unreachable`, `reachable`: a store, once each. `refused`: a reference that its consumer may not have.
 * `failed`, `recovered`: a consumer without its values, and once it has them. `started`: what the engine could not start.
 */
export type AgentNoticeEvent =
  | "applied"
  | "stopped"
  | "unreachable"
  | "reachable"
  | "refused"
  | "failed"
  | "recovered"
  | "started";

/** What the agent did or could not do, as it is sent to notification channels. Holds no value. */
export type AgentNotice = {
  /** 24 hex digits: receivers use it to drop duplicates. */
  readonly id: string;
  readonly kind: "agent";
  /** ISO 8601. */
  readonly at: string;
  readonly host: string;
  readonly event: AgentNoticeEvent;
  readonly severity: Severity;
  /** The consumer, container or store. */
  readonly subject: string;
  /** The variables that it is about. */
  readonly names: readonly string[];
  /** A sentence for people. Names in it are others' words. */
  readonly text: string;
  /** What to type next; null for nothing. */
  readonly next: string | null;
};

export type Notice = Change | AgentNotice;
