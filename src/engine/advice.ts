import { bare, cmd } from "../kit/shell.ts";
import type { RunConfig } from "./types.ts";

/**
 * Risks of running an image, in plain English; says nothing about the quality of its software. Skips anything in the
 * config that does not have the form engines write.
 */
export function adviceOn(config: RunConfig): string[] {
  const entrypoint = texts(config.Entrypoint);
  const argv = [...entrypoint, ...texts(config.Cmd)];
  const advice: string[] = [];
  if (isRoot(config.User)) advice.push("runs as root: it sets no USER (docker run --user)");
  const volumes = keys(config.Volumes);
  if (volumes.length > 0)
    advice.push(
      cmd`makes an anonymous volume for ${bare(volumes.join(", "))} at each run, which outlives the container: docker run -v NAME:${volumes[0] ?? ""}`,
    );
  if (
    volumes.some((path) => SOCKET.test(path)) ||
    argv.some((word) => SOCKET.test(word)) ||
    texts(config.Env).some((entry) => SOCKET.test(entry))
  )
    advice.push(
      "expects the engine's socket: anyone with it is root on the host and can read every container's variables",
    );
  const init =
    argv.flatMap((word) => INITS.exec(word)?.[1] ?? []).at(0) ?? (isS6(entrypoint) ? "s6-overlay" : undefined);
  if (init !== undefined)
    advice.push(`starts several services (${init}): a secret of one is in the environment of all of them`);
  if (keys(config["ExposedPorts"]).includes("22/tcp"))
    advice.push("runs an SSH server: its host keys may be in the image, identical for everyone");
  if (texts(config.OnBuild).length > 0) advice.push("adds instructions to builds that start from it (ONBUILD)");
  return advice;
}

const SOCKET = /(?:^|[/:=])docker\.sock$|^DOCKER_HOST=unix:/;
/** Programs that start and supervise others. */
const INITS =
  /(?:^|\/)(supervisord|runsvdir|runit|svscan|s6-svscan|systemd|forego|foreman|goreman|overmind|honcho|circusd|pm2-runtime|multirun|my_init)(?:\.\w+)?$/;

const isRoot = (user: unknown): boolean =>
  user === undefined || (typeof user === "string" && ["", "root", "0"].includes(user.split(":")[0] ?? ""));

/** linuxserver's and other images start s6-overlay with `/init`. Source: just-containers/s6-overlay README. */
const isS6 = (entrypoint: readonly string[]): boolean => entrypoint.length === 1 && entrypoint[0] === "/init";

const texts = (list: unknown): readonly string[] =>
  Array.isArray(list) ? list.filter((one): one is string => typeof one === "string") : [];

const keys = (map: unknown): readonly string[] => (typeof map === "object" && map !== null ? Object.keys(map) : []);
