import { findConnection } from "../engine/connection.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";

/** Throws `config` for an engine elsewhere, whose containers cannot mount what is written on this machine. */
export function mustServeThisHost(env: NodeJS.ProcessEnv): void {
  const { via, address, host, user } = findConnection(env);
  if (via === "unix") return;
  const shown = address.replace(/\/\/[^@/]*@/, "//");
  const there = via === "ssh" ? cmd`ssh ${user === null ? (host ?? "") : `${user}@${host}`} unsprawl agent` : "";
  throw new UnsprawlError(
    "config",
    `the engine is not on this host (${shown}): the agent would write its files on the wrong machine`,
    there === "" ? "unsprawl agent, on that machine; or unset DOCKER_HOST to serve this one" : there,
  );
}
