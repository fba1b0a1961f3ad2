import { countText } from "../kit/text/count.ts";
import { UnsprawlError } from "../model/error.ts";
import type { AgentEvent } from "./tools.ts";

/**
 * An event without known values in what stores and engines said. Names and our own words stay, since a value may be one
 * of them, and a line of JSON is made only afterwards, since a value may have quotes.
 */
export function redactedEvent(event: AgentEvent, redact: (text: string) => string): AgentEvent {
  if (!("error" in event)) return event;
  const { code, message, hint } = event.error;
  return { ...event, error: new UnsprawlError(code, redact(message), hint === null ? null : redact(hint)) };
}

/** What the agent did, as a line for people. Names in it are others' words: escape it where it is shown. */
export function agentEventLine(event: AgentEvent): string {
  switch (event.kind) {
    case "serving":
      return servingLine(event);
    case "written":
      return `${event.consumer}: wrote ${event.names.join(", ")}`;
    case "changed":
      return `${event.consumer}: ${event.names.join(", ")} changed in the store; ${HOW[event.how]}`;
    case "restarted":
    case "signalled":
      return `${event.container}: ${event.kind}, well after ${(event.tookMs / 1000).toFixed(1)} s`;
    case "applied":
      return `${event.consumer}: ${event.names.join(", ")} applied; ${appliedTo(event.containers)}`;
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

/** `serving 3 consumers of 2 stores (local, prod), which are asked every 2 s`. */
function servingLine({ consumers, stores, everyMs }: Extract<AgentEvent, { kind: "serving" }>): string {
  const often = `every ${everyMs < 1000 ? `${everyMs} ms` : `${Number((everyMs / 1000).toFixed(1))} s`}`;
  if (consumers === 0) return `serving no consumers yet: this host has none; the engine's events show the first`;
  const of = stores.length === 0 ? "" : ` of ${countText(stores.length, "store")} (${stores.join(", ")})`;
  const asked = stores.length === 1 ? "which is asked" : "which are asked";
  return `serving ${countText(consumers, "consumer")}${of}, ${stores.length === 0 ? "asking" : asked} ${often}`;
}

function appliedTo(containers: number): string {
  if (containers === 0) return "no running container takes it yet";
  return containers === 1 ? "1 container has it" : `${containers} containers have it`;
}
