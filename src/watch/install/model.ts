/** What `watch install` can make a service of itself for, and the Dockerfile of an image for those that need one. */
export const FORMS = ["systemd", "compose", "swarm", "kubernetes", "dockerfile"] as const;
export type InstallForm = (typeof FORMS)[number];

/** What `watch` is to do, as its command line says it. */
export type Watching = {
  readonly sources: readonly string[];
  readonly every: string | null;
  readonly cron: string | null;
  readonly once: boolean;
  readonly events: boolean;
  /** Hosts of the configuration, all when none is named; null for this machine. */
  readonly hosts: readonly string[] | null;
  /** Other flags of `watch`, by their words. */
  readonly more: readonly string[];
};

export type InstallSettings = {
  readonly watching: Watching;
  /** Those of its sources that are on an engine. */
  readonly engines: readonly string[];
  /** An image with unsprawl in it; null for systemd. */
  readonly image: string | null;
  /** The words that start unsprawl on this machine. */
  readonly program: readonly string[];
  /** The configuration file, by its whole path; null for the one in its usual place. */
  readonly config: string | null;
  /** The engine's socket; null when no source is an engine. */
  readonly socket: string | null;
  /** Who may use the socket: a group's name or number; null when that is not known. */
  readonly group: string | null;
  /** Files with secrets that the configuration names, each handed over under its name. */
  readonly secrets: readonly { readonly name: string; readonly file: string }[];
  /** The metrics' text file of the configuration. */
  readonly metricsFile: string | null;
  /** To run as this user with this user's state; null to run with an identity and a state of its own. */
  readonly shared: {
    readonly user: string;
    readonly uid: number;
    readonly gid: number;
    /** `$XDG_STATE_HOME/unsprawl`. */
    readonly state: string;
  } | null;
  /** This machine's name: its changes are told under it. */
  readonly host: string;
  /** `fleet serve` and `fleet worker` beside (or in place of) `watch`. */
  readonly fleet: boolean;
};

export type InstallFile = {
  /** Where it belongs: a whole path for systemd, else a name. */
  readonly path: string;
  readonly text: string;
};

/** Holds no secret: what is secret is named by a file or by the platform's own secret. */
export type WatchInstallation = {
  readonly files: readonly InstallFile[];
  /** The commands that put it to work, once the files are there: by the paths they were given, in the same order. */
  readonly next: (paths: readonly string[]) => readonly string[];
  /** What people should know, in words. */
  readonly notes: readonly string[];
};

/** The command line of `watch` after the program's own words. */
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
