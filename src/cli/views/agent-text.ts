import type { AgentEvent } from "../../agent/index.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";

/** What the agent did, as a line for people. */
export function agentEventText(event: AgentEvent): string {
  return printable(lineOf(event));
}

/** The same as a line of JSON. */
export function agentEventJson({ kind, ...event }: AgentEvent): string {
  const rest =
    "error" in event
      ? { ...event, error: { code: event.error.code, message: event.error.message, hint: event.error.hint } }
      : event;
  return jsonText({ version: 1, event: kind, ...rest }).replaceAll("\n", "");
}

function lineOf(event: AgentEvent): string {
  switch (event.kind) {
    case "written":
      return `${event.consumer}: wrote ${event.names.join(", ")}`;
    case "changed":
      return `${event.consumer}: ${event.names.join(", ")} changed in the store; ${HOW[event.how]}`;
    case "restarted":
    case "signalled":
      return `${event.container}: ${event.kind}, well after ${(event.tookMs / 1000).toFixed(1)} s`;
    case "started":
      return `${event.container}: started; the engine could not without its files`;
    case "added":
      return `${event.consumer}: serving`;
    case "dropped":
      return `${event.consumer}: its container is gone; no longer serving`;
    case "stopped":
      return `stopped at ${event.container}: ${event.error.message}; the other containers keep the value they have`;
    case "failed":
      return `${event.what}: ${event.error.message}${event.error.hint === null ? "" : `; next: ${event.error.hint}`}`;
    case "recovered":
      return `${event.what}: served again`;
  }
}

const HOW = { restart: "restarting", signal: "sending a signal", none: "nothing else to do" } as const;
