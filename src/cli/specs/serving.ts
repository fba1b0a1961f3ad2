import { EACH_HOST, YES } from "./shared.ts";
import type { CommandSpec } from "./spec.ts";

/** Commands that give applications their values. */
export const SERVING: readonly CommandSpec[] = [
  {
    usage: "agent [action] [form]",
    group: "serve",
    summary: "Serve this host: files at boot, new values when the store changes",
    details: `Writes the files that migrated containers mount, starts containers that could not start without them, and delivers a new value to its consumers: by a restart, one container at a time and only while each becomes healthy; by a signal; or not at all. The label unsprawl.on-change of a container takes precedence over --on-change.

unsprawl agent install systemd|compose|swarm prints what makes a service of it; confirmed, it writes that and issues credentials that can only read. unsprawl agent uninstall systemd removes both.`,
    actions: ["install", "uninstall"],
    forms: ["systemd", "compose", "swarm"],
    options: [
      ["--once", "One pass: files, starts, and changes since the last pass; exit 5 if something is left"],
      ["--on-change <what>", "What a container gets on a new value: restart (default), signal:NAME or none"],
      ["--every <time>", "Ask the stores this often (default: 2s)"],
      ["--boot-timeout <time>", "With --once: run without the engine, before it starts, for at most this long"],
      ["--metrics <address>", "Serve counters for Prometheus, such as 127.0.0.1:9465"],
      ["--grace <time>", "How long a container without a health check must stay up (default: 5s)"],
      ["--health-timeout <time>", "How long a health check may take (default: 90s)"],
    ],
    sections: [
      {
        title: "Flags of install and uninstall",
        options: [
          YES,
          ["-o, --output <folder>", "Write the files into this folder"],
          ["--overwrite", "Replace files that differ"],
          ["--image <ref>", "The image with unsprawl in it"],
          ["--to <store…>", "Stores that it may read (default: those of this host's consumers)"],
        ],
      },
    ],
    examples: [
      ["unsprawl agent --once", "Write missing files now"],
      ["unsprawl agent install systemd", "Print the unit, and what else it needs"],
    ],
    stopping: "stopping",
    load: () => import("../commands/agent.ts"),
  },
  {
    usage: "render [what...]",
    group: "serve",
    summary: "Write the files that containers mount",
    details: `unsprawl render RUN writes what one run moved, unsprawl render --all what all finished runs of this host moved. unsprawl render docker:[NAME] and compose:FILE write what their labels and references name, on any host that may read the store.`,
    options: [
      ["--all", "For every finished run"],
      [
        "--accept <risk…>",
        "older-value: also values older than those delivered last, such as after restoring a store. other-secrets: also stored values that are not the consumer's own by their path",
        ["older-value", "other-secrets"],
      ],
    ],
    examples: [
      ["unsprawl render --all", "After a reboot, without an agent"],
      ["unsprawl render compose:compose.yaml", "On another machine, before docker compose up"],
    ],
    load: () => import("../commands/render.ts"),
  },
  {
    usage: "run <command...>",
    group: "serve",
    summary: "Resolve references in the environment, then exec a command",
    details:
      "Each variable whose value is a reference (ref+vault://…) gets the stored value; then the command replaces unsprawl. A reference may be a part of the value, as in vals: postgres://app:ref+vault://secret/db#/password+@db/app, where a + ends it.",
    options: [
      ["--only <name…>", "Resolve only these variables; any other reference is an error"],
      ["--keep", "With --only: pass other references on unchanged"],
    ],
    examples: [
      ["unsprawl run -- ./server", "Start a program with its secrets"],
      ["unsprawl run --only DB_PASSWORD --keep -- ./server", "Resolve one variable"],
    ],
    load: () => import("../commands/run.ts"),
  },
  {
    usage: "runtime <action> [what...]",
    group: "serve",
    summary: "Manage the OCI runtime that resolves references",
    details: `unsprawl runtime install registers it with the engine; status checks it; uninstall removes it. With containerd behind it, the same for the pods of a Kubernetes node: it prints the handler and the RuntimeClass that they need.

unsprawl runtime allow CONSUMER VARIABLE REFERENCE… lets a consumer's containers have what these references name; forbid CONSUMER [VARIABLE [REFERENCE…]] revokes it. CONSUMER is a container's NAME, compose:PROJECT/SERVICE, swarm:SERVICE, id:FULL-ID or pod:NAMESPACE/CONTAINER. A migration does this by itself; a container that names any other reference does not start. unsprawl runtime allow CONSUMER alone shows what the volumes of its containers name, and allows that: what a colleague needs on another engine.`,
    actions: ["allow", "forbid", "install", "status", "uninstall"],
    forms: ["containerd"],
    options: [
      ["--to <store…>", "Stores that it may read; separate credentials are made for each"],
      ["--print", "Print what would be written, and change nothing"],
      YES,
      ["--daemon-config <file>", "The engine's daemon.json (default: found from the running engine)"],
      ["--containerd-config <file>", "With containerd: its configuration (default: /etc/containerd/config.toml)"],
    ],
    examples: [
      ["unsprawl runtime status", "Is it installed, and who may read what?"],
      ["unsprawl runtime install --to local --print", "What installing it would write"],
      ["unsprawl runtime install containerd --print", "The same for a Kubernetes node, and what its operator does"],
    ],
    load: () => import("../commands/runtime.ts"),
  },
  {
    usage: "plugin <action>",
    group: "serve",
    summary: "Manage the engine's volume plugin, which brings values where this host cannot",
    details: `unsprawl plugin install gives the engine a managed plugin over its API alone: no registry, and no right on the engine's host. Its volumes hold references; it asks the store as a container mounts one, and writes into memory. After a reboot the engine brings everything back by itself.

Each store is asked for a credential that can only read. Its address must be one that the engine's host reaches. upgrade puts this release in the place of the plugin's, adds stores, and keeps what is allowed; status asks the plugin; uninstall removes it once no container needs it.`,
    actions: ["install", "status", "uninstall", "upgrade"],
    options: [
      ["--to <store…>", "Stores that it may read; separate credentials are made for each"],
      [
        "--from <image>",
        "Make it of this image of unsprawl, which the engine has (default: the program that runs here)",
      ],
      ["--keep-last", "Keep the last values in the plugin's memory, for a store that cannot be reached"],
      YES,
      EACH_HOST,
    ],
    eachHost: true,
    examples: [
      ["unsprawl plugin install --to prod --yes", "Make containers of this engine movable"],
      ["unsprawl plugin status", "Does it read its stores, and who may have what?"],
    ],
    load: () => import("../commands/plugin.ts"),
  },
];
