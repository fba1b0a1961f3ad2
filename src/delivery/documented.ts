import { posix } from "node:path";
import type { DeliverySubject } from "../contract/delivery.ts";
import { bareObject } from "../kit/json-object.ts";
import { entrypointScripts } from "./entrypoint.ts";

/** A program that reads a value from a file by itself, as its manual says. */
type FileProgram = {
  /** Its name in the entrypoint: such images have no script that could be read for it. */
  readonly program: string;
  /** By variable: the one that takes the file's path, which may be the variable itself. */
  readonly variables: { readonly [name: string]: string };
  /** By option: the one that takes the file's path. */
  readonly options: { readonly [option: string]: string };
  /** The first version that does; null for all that are around. */
  readonly since: string | null;
  readonly manual: string;
};

const PROGRAMS: readonly FileProgram[] = [
  {
    program: "cloudflared",
    variables: { TUNNEL_TOKEN: "TUNNEL_TOKEN_FILE" },
    options: { "--token": "--token-file" },
    since: "2025.4.0",
    manual:
      "https://developers.cloudflare.com/cloudflare-one/networks/connectors/cloudflare-tunnel/configure-tunnels/cloudflared-parameters/run-parameters/",
  },
  {
    program: "watchtower",
    ...same([
      ...["notification-url", "notification-email-server-password", "notification-slack-hook-url"],
      ...["notification-msteams-hook", "notification-gotify-token", "http-api-token"],
    ]),
    since: null,
    manual: "https://containrrr.dev/watchtower/arguments/#secretsfiles",
  },
];

/** The program that a subject starts, if its manual says how it reads files. */
export function fileProgram({ entrypoint }: Pick<DeliverySubject, "entrypoint">): FileProgram | null {
  const [first = ""] = entrypoint;
  const found = PROGRAMS.find(({ program }) => posix.basename(first) === program);
  if (found === undefined) return null;
  return { ...found, variables: bareObject(found.variables), options: bareObject(found.options) };
}

/** Whether a subject starts this program: by its name, or by an image's script that hands it its arguments, as Traefik's does. */
export async function startsProgram(subject: DeliverySubject, program: string): Promise<boolean> {
  const [first = ""] = subject.entrypoint.length > 0 ? subject.entrypoint : subject.cmd;
  if (posix.basename(first) === program) return true;
  const calls = new RegExp(`^[ \\t]*(?:exec|set --) ${program}\\s`, "m");
  return (await entrypointScripts(subject)).some(({ text }) => calls.test(text));
}

/** Watchtower's options and variables take a path or a value. */
function same(names: readonly string[]): Pick<FileProgram, "variables" | "options"> {
  const variable = (name: string): string => `WATCHTOWER_${name.toUpperCase().replaceAll("-", "_")}`;
  return {
    variables: Object.fromEntries(names.map((name) => [variable(name), variable(name)])),
    options: Object.fromEntries(names.map((name) => [`--${name}`, `--${name}`])),
  };
}
