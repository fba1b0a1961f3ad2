import { need } from "./apt.ts";
import { wheelProgram } from "./python.ts";

/** Docker Compose as a program of its own: `docker-compose config` needs neither engine nor client. Debian's has compose-go 2.4.8. */
export async function composeCli(): Promise<string> {
  return need("/usr/libexec/docker/cli-plugins/docker-compose", ["docker-compose"]);
}

/** The oldest and the newest Compose that a package carries, and Debian's. */
export const COMPOSES = {
  "2.20.1": async () => wheelProgram("compose-oldest"),
  "2.26.1": composeCli,
  "5.6.1": async () => wheelProgram("compose-newest"),
} as const;
