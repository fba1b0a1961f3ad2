import { agentEventLine, type AgentEvent } from "../../agent/index.ts";
import { jsonText, printable } from "../../kit/text/escape.ts";

/** What the agent did, as a line for people. */
export function agentEventText(event: AgentEvent): string {
  return printable(agentEventLine(event));
}

/** The same as a line of JSON. */
export function agentEventJson({ kind, ...event }: AgentEvent): string {
  const rest =
    "error" in event
      ? { ...event, error: { code: event.error.code, message: event.error.message, hint: event.error.hint } }
      : event;
  return jsonText({ version: 1, event: kind, ...rest }).replaceAll("\n", "");
}
