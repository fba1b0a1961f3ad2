/*
 * Makes a service of the agent: a systemd unit that is ordered before the engine, a Compose project or a Swarm stack. It
 * makes texts and writes nothing; the face prints them, writes them when asked to, and issues the credentials.
 */
import { bare, cmd } from "../../kit/shell.ts";
import { UnsprawlError } from "../../model/error.ts";
import type { WatchInstallation } from "../../watch/install/model.ts";
import { agentCompose, agentStack } from "./containers.ts";
import { agentUnit } from "./systemd.ts";
import { AGENT_FORMS, type AgentForm, type AgentInstall } from "./settings.ts";

export type { AgentInstall } from "./settings.ts";

/** Which form a word names. Throws `usage`. */
export function agentFormOf(word: string | undefined): AgentForm {
  const found = AGENT_FORMS.find((form) => form === word);
  if (found !== undefined) return found;
  throw new UnsprawlError(
    "usage",
    `not a form to install: ${word ?? "(none)"}`,
    cmd`unsprawl agent install ${bare(AGENT_FORMS.join("|"))}`,
  );
}

/** The files of a form, and what to type once they are there. Throws `usage` for a form that lacks its image. */
export function agentInstallation(form: AgentForm, asked: AgentInstall): WatchInstallation {
  return { systemd: agentUnit, compose: agentCompose, swarm: agentStack }[form](asked);
}
