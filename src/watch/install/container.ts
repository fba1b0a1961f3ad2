import { Scalar, stringify } from "yaml";
import { watchWords, type InstallSettings } from "./model.ts";
import type { JsonObject } from "../../kit/json-object.ts";

/** Where the container finds its configuration, its secrets and its state, on every platform. */
export const CONFIG = "/etc/unsprawl/config.yaml";
export const SECRETS = "/run/secrets";
export const STATE = "/var/lib/unsprawl";
export const SOCKET = "/var/run/docker.sock";
/** A user without a line in /etc/passwd has no home, and Node asks for one. */
export const PLACES = { XDG_STATE_HOME: STATE, XDG_CONFIG_HOME: "/etc", HOME: STATE } as const;

/** A user that exists on no machine; the image's user. */
export const UID = 65_532;

export const WARNING = "Access to the engine's socket is equivalent to root: protect this image like the engine.";

/** The services of a Compose project or a stack: the watch, and those of the fleet, which keep no state. */
export function composeServices(
  settings: InstallSettings,
  make: (role: "watch" | "serve" | "worker", base: JsonObject, mounts: readonly object[]) => JsonObject,
): { readonly [name: string]: JsonObject } {
  const { watching, fleet } = settings;
  const own = [
    ...(fleet ? (["serve", "worker"] as const) : []),
    ...(watching.sources.length > 0 ? (["watch"] as const) : []),
  ];
  return Object.fromEntries(
    own.map((role) => {
      const words = role === "watch" ? watchWords(watching) : ["fleet", role];
      const base = serviceBase(settings, words, role === "watch");
      return [role, make(role, base, role === "watch" ? mounts(settings) : [])];
    }),
  );
}

function serviceBase(settings: InstallSettings, words: readonly string[], watches: boolean): JsonObject {
  const { image, socket, group } = settings;
  const gid = socket === null || !watches ? null : group;
  return {
    image,
    command: words.map(escapeDollars),
    user: `${UID}:${gid ?? UID}`,
    init: true,
    read_only: true,
    cap_drop: ["ALL"],
    environment: PLACES,
    tmpfs: ["/tmp", ...(watches ? [] : [STATE])],
    stop_grace_period: "60s",
  };
}

/** Read-only keeps the socket's file from being replaced; requests still reach the engine. */
function mounts({ socket }: InstallSettings): readonly object[] {
  const state = { type: "volume", source: "state", target: STATE };
  if (socket === null) return [state];
  return [{ type: "bind", source: escapeDollars(socket), target: SOCKET, read_only: true }, state];
}

/** Escapes for Compose and `docker stack`, which replace `$NAME`: `$$` is a dollar. */
export function escapeDollars(text: string): string {
  return text.replaceAll("$", "$$$$");
}

/** Also correct as YAML 1.1, which is how these platforms read `on`, `0400` and `12:30`. */
export function yaml(document: unknown, comment: string | null = null): string {
  const text = stringify(document, { version: "1.1", lineWidth: 0, aliasDuplicateObjects: false });
  return comment === null ? text : `# ${comment}\n${text}`;
}

/** Rights in octal notation, such as 0400. */
export function octal(mode: number): Scalar {
  const scalar = new Scalar(mode);
  scalar.format = "OCT";
  return scalar;
}
