import type { Healthcheck } from "../../../src/engine/types.ts";
import { repeatedFlag, optionalFlag, equalParts, type FlagInput } from "../../../src/engine/run-flags.ts";
import { shellLine } from "../../../src/kit/shell.ts";

/** The flags for what the engine stores in `Config`, except the entrypoint. */
export function configFlags(made: FlagInput): string[] {
  const { config, image, host } = made;
  const changed = (name: string, key: "User" | "WorkingDir" | "StopSignal"): string[] =>
    config[key] === image[key] ? [] : optionalFlag(name, config[key]);
  const published = Object.keys(host.PortBindings ?? {});
  const exposed = Object.keys(config.ExposedPorts ?? {});
  const inImage = new Set(Object.keys(image.ExposedPorts ?? {}));
  if (published.some((port) => !exposed.includes(port))) made.cannot("ports that are published without being exposed");
  if (config["NetworkDisabled"] === true) made.cannot("that it has no network at all (NetworkDisabled)");
  return [
    ...optionalFlag("--hostname", config.Hostname),
    ...optionalFlag("--domainname", config["Domainname"]),
    ...changed("--user", "User"),
    ...changed("--workdir", "WorkingDir"),
    ...optionalFlag("--tty", config.Tty),
    ...optionalFlag("--interactive", config["OpenStdin"]),
    ...variables(made),
    ...labels(made),
    ...health(config.Healthcheck, image.Healthcheck, made),
    ...changed("--stop-signal", "StopSignal"),
    ...repeatedFlag(
      "--stop-timeout",
      [config.StopTimeout].filter((one) => typeof one === "number"),
    ),
    ...exposed.filter((port) => !inImage.has(port) && !published.includes(port)).flatMap((port) => ["--expose", port]),
  ];
}

/**
 * The entrypoint's flag and the words after the image. `--entrypoint` takes one word, so further words go before the
 * command: the same program runs with the same arguments. Without the flag the image's entrypoint counts, and without
 * words its command (moby `daemon/commit.go`, merge).
 */
export function commandWords({ config, image, change, cannot }: FlagInput): {
  readonly flags: string[];
  readonly words: string[];
} {
  const entrypoint = config.Entrypoint ?? [];
  const cmd = config.Cmd ?? [];
  if (equalParts(entrypoint, image.Entrypoint) && (cmd.length > 0 || equalParts(cmd, image.Cmd))) {
    return { flags: [], words: equalParts(cmd, image.Cmd) ? [] : [...cmd] };
  }
  const [first = "", ...rest] = entrypoint;
  // The words of a delivery are not secret, wherever inspect shows them.
  if (entrypoint.length - (change.entrypointPrefix?.length ?? 0) > 1)
    cannot("an entrypoint of several words: inspect shows all but the first as the command's");
  return { flags: ["--entrypoint", first], words: [...rest, ...cmd] };
}

/**
 * If a name is set twice, the client keeps the last (docker/cli cli/command/container/run.go), as the program does.
 * `NAME` alone is taken from the shell's environment (opts/env.go), and removes the image's value if it is not set
 * there.
 */
function variables({ config, image, hide, change, cannot }: FlagInput): string[] {
  const last = new Map((config.Env ?? []).map((entry) => [entry.split("=", 1)[0] ?? "", entry]));
  if (last.size < (config.Env ?? []).length) cannot("the earlier values of a variable that is set twice");
  const fromImage = new Set(image.Env);
  // A delivery sets references and paths.
  const delivered = new Set(change.set.map(({ name, value }) => `${name}=${value}`));
  const own = [...last].filter(([, entry]) => !fromImage.has(entry));
  const hides = (name: string, entry: string): boolean => hide.has(name) && !delivered.has(entry);
  const hidden = own.flatMap(([name, entry]) => (hides(name, entry) ? [name] : []));
  if (hidden.length > 0) cannot(`the values of ${hidden.join(", ")}: it takes them from the environment of the shell`);
  return own.flatMap(([name, entry]) => {
    if (name === "") cannot("a variable without a name");
    else if (name === entry && !hides(name, entry))
      cannot(`that the image's ${name} is taken away, if the environment of the shell has one`);
    return name === "" ? [] : ["-e", hides(name, entry) ? name : entry];
  });
}

/** A key ends at its first `=` and has no blanks (docker/cli opts/opts.go, ValidateLabel). */
function labels({ config, cannot }: FlagInput): string[] {
  return Object.entries(config.Labels ?? {}).flatMap(([key, value]) => {
    if (key !== "" && !/[=\s]/.test(key)) return ["--label", `${key}=${value}`];
    cannot("a label whose name is empty, or has a blank or an equals sign");
    return [];
  });
}

const TIMES = {
  "--health-interval": "Interval",
  "--health-timeout": "Timeout",
  "--health-start-period": "StartPeriod",
  "--health-start-interval": "StartInterval",
} as const;

function health(
  own: Healthcheck | null | undefined,
  theirs: Healthcheck | null | undefined,
  made: FlagInput,
): string[] {
  if (own?.Test?.[0] === "NONE") return ["--no-healthcheck"];
  const flags = equalParts(own?.Test, theirs?.Test) ? [] : healthCommand(own?.Test ?? [], made);
  for (const [name, key] of Object.entries(TIMES)) {
    if (own?.[key] !== theirs?.[key]) flags.push(...optionalFlag(name, duration(own?.[key])));
  }
  return own?.Retries === theirs?.Retries ? flags : [...flags, ...optionalFlag("--health-retries", own?.Retries)];
}

function healthCommand([kind, ...words]: readonly string[], made: FlagInput): string[] {
  if (kind === undefined) return [];
  const plain = kind === "CMD-SHELL" && words.length === 1;
  if (!plain && !made.change.healthcheckPrefix)
    made.cannot("a health check that runs without a shell: the same command is run by the image's shell");
  return optionalFlag("--health-cmd", plain ? words[0] : shellLine(words));
}

/** Nanoseconds as a Go duration; empty for none. */
function duration(ns: unknown): string {
  if (typeof ns !== "number" || ns === 0) return "";
  if (ns % 1e9 === 0) return `${ns / 1e9}s`;
  return ns % 1e6 === 0 ? `${ns / 1e6}ms` : `${ns}ns`;
}
