/** The forms that `watch install` can make, and the Dockerfile of an image for those that need one. */
export const FORMS = ["systemd", "compose", "swarm", "kubernetes", "dockerfile"] as const;
export type InstallForm = (typeof FORMS)[number];

/** The arguments of the `watch` that is installed. */
export type Watching = {
  readonly sources: readonly string[];
  readonly every: string | null;
  readonly cron: string | null;
  readonly once: boolean;
  readonly events: boolean;
  /** Hosts from the configuration, all if none is named; null for this machine. */
  readonly hosts: readonly string[] | null;
  /** Other flags of `watch`. */
  readonly more: readonly string[];
};

export type InstallSettings = {
  readonly watching: Watching;
  /** Its sources that are on an engine. */
  readonly engines: readonly string[];
  /** An image with unsprawl in it; null for systemd. */
  readonly image: string | null;
  /** The command that starts unsprawl on this machine. */
  readonly program: readonly string[];
  /** The configuration file, absolute; null for the default one. */
  readonly config: string | null;
  /** The engine's socket; null if no source is an engine. */
  readonly socket: string | null;
  /** Who may use the socket: a group's name or number; null if unknown. */
  readonly group: string | null;
  /** Secret files that the configuration names, each passed on under its name. */
  readonly secrets: readonly { readonly name: string; readonly file: string }[];
  /** The metrics text file in the configuration. */
  readonly metricsFile: string | null;
  /** To run as this user with this user's state; null to run under a separate identity with separate state. */
  readonly shared: {
    readonly user: string;
    readonly uid: number;
    readonly gid: number;
    /** `$XDG_STATE_HOME/unsprawl`. */
    readonly state: string;
  } | null;
  /** This machine's name, under which its changes are reported. */
  readonly host: string;
  /** `fleet serve` and `fleet worker` beside (or instead of) `watch`. */
  readonly fleet: boolean;
};

export type InstallFile = {
  /** Where it belongs: an absolute path for systemd, else a name. */
  readonly path: string;
  readonly text: string;
};

/** Contains no secret: secrets are named by file or as the platform's secrets. */
export type WatchInstallation = {
  readonly files: readonly InstallFile[];
  /** The commands that start it once the files are there: by the paths they were given, in the same order. */
  readonly next: (paths: readonly string[]) => readonly string[];
  /** Notes for people. */
  readonly notes: readonly string[];
};

/** The arguments of `watch`. */
export function watchWords({ sources, every, cron, once, events, hosts, more }: Watching): string[] {
  return [
    "watch",
    ...sources,
    ...(once ? ["--once"] : []),
    ...(every === null || once ? [] : ["--every", every]),
    ...(cron === null || once ? [] : ["--cron", cron]),
    ...(events && !once ? ["--events"] : []),
    ...more,
    ...(hosts === null ? [] : hosts.length === 0 ? ["--hosts"] : hosts.flatMap((host) => ["--hosts", host])),
  ];
}
