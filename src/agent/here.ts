import { hostname } from "node:os";
import { findConnection, historyHostName, type EngineConnection } from "../engine/connection.ts";
import { cmd } from "../kit/shell.ts";
import { UnsprawlError } from "../model/error.ts";

/**
 * Throws `config` for an engine elsewhere, whose containers cannot mount what is written on this machine. Whatever else is
 * wrong with how the engine is reached shows when it is asked: at boot it is not.
 */
export function mustServeThisHost(env: NodeJS.ProcessEnv): void {
  const connection = connectionOf(env);
  if (connection === null || connection.via === "unix") return;
  const { via, address, host, user } = connection;
  const shown = address.replace(/\/\/[^@/]*@/, "//");
  const there = via === "ssh" ? cmd`ssh ${user === null ? (host ?? "") : `${user}@${host}`} unsprawl agent` : "";
  throw new UnsprawlError(
    "config",
    `the engine is not on this host (${shown}): the agent would write its files on the wrong machine`,
    there === "" ? "unsprawl agent, on that machine; or unset DOCKER_HOST to serve this one" : there,
  );
}

/** What this host is called in notices: as in the history. */
export function agentHostName(env: NodeJS.ProcessEnv): string {
  const connection = connectionOf(env);
  return connection === null ? env["UNSPRAWL_HOST"] || hostname() : historyHostName(connection, env);
}

function connectionOf(env: NodeJS.ProcessEnv): EngineConnection | null {
  try {
    return findConnection(env);
  } catch (error) {
    if (!(error instanceof UnsprawlError)) throw error;
    return null;
  }
}
