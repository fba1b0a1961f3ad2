import { need } from "./apt.ts";

/** Docker Compose as a program of its own: `docker-compose config` needs neither engine nor client. Debian's has compose-go 2.4.8. */
export async function composeCli(): Promise<string> {
  return need("/usr/libexec/docker/cli-plugins/docker-compose", ["docker-compose"]);
}
