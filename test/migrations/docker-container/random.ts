import { BUSYBOX, FILE_ENV } from "../../services/images.ts";
import type { Draw } from "../../support/draw.ts";
import { OPINIONATED } from "./cases.ts";
import { randomHost } from "./random-host.ts";

/** What is there for random containers to refer to. */
export type Around = {
  /** User networks, by name: the first two bytes of their IPv4 addresses, and of their IPv6 addresses where they have any. */
  readonly networks: readonly { readonly name: string; readonly v4: string; readonly v6: string | null }[];
  /** A running container on the default bridge, with a shareable IPC namespace and volumes. */
  readonly helper: string;
};

/** The body of `POST /containers/create`, and the state that the container is to be in. */
export type Drawn = {
  readonly state: "running" | "exited" | "created" | "paused" | "restarting";
  readonly body: { readonly [key: string]: unknown };
};

type Open = { readonly [key: string]: unknown };

/** Ends at any signal that a stop may send. */
const APP = "trap 'exit 0' TERM INT HUP QUIT USR1; while :; do sleep 1000 & wait $!; done";

const VALUES = [
  "",
  " ",
  "a b  c ",
  "$HOME ${PATH} $$ $(id)",
  `it's "quoted" \\ \`x\``,
  "äöü 密码 🔑",
  "=",
  "a=b=c",
  "line one\nline two\n",
  "{}",
  "true",
];

/** A container as anyone might have created it, with `secret` in its variable DB_PASSWORD. */
export function randomContainer(draw: Draw, secret: string, around: Around): Drawn {
  const state = draw.one([
    "running",
    "running",
    "running",
    "paused",
    "exited",
    "exited",
    "created",
    "created",
  ] as const);
  const made = draw.chance(0.03) ? "restarting" : state;
  const image = draw.one([BUSYBOX, BUSYBOX, FILE_ENV, OPINIONATED]);
  const uts = draw.chance(0.07) ? "host" : "";
  const host = randomHost(draw, made, around, uts);
  const mode = (host["NetworkMode"] as string | undefined) ?? "default";
  const ownName = uts === "" && !mode.startsWith("container:");
  const body = {
    Image: image,
    ...words(draw, image, made),
    ...config(draw, secret, image, mode, ownName),
    HostConfig: host,
    ...networks(draw, mode, around),
  };
  return { state: made, body };
}

/** Entrypoint and command, such that the container stays up, or ends, as its state demands. */
function words(draw: Draw, image: string, state: Drawn["state"]): Open {
  if (state === "restarting") return { Entrypoint: ["false"], Cmd: draw.one([null, ["x"]]) };
  if (state === "exited" && draw.chance(0.5))
    return { Entrypoint: draw.one([["sh"], ["sh", "-e"]]), Cmd: ["-c", `exit ${draw.int(0, 3)}`] };
  if (image === OPINIONATED)
    return draw.one<Open>([
      {},
      { Cmd: ["100001"] },
      { Entrypoint: null, Cmd: null },
      { Entrypoint: [""], Cmd: ["sh", "-c", APP] },
      { Entrypoint: [], Cmd: ["sh", "-c", APP] },
      { Entrypoint: ["sh", "-c", APP] },
    ]);
  return draw.one<Open>([
    { Cmd: ["sh", "-c", APP] },
    { Entrypoint: null, Cmd: ["sh", "-c", APP, "$0 is", "", "a 'b' \"c\""] },
    { Entrypoint: [""], Cmd: ["sh", "-c", APP] },
    { Entrypoint: [], Cmd: ["sh", "-c", APP] },
    { Entrypoint: ["sh"], Cmd: ["-c", APP] },
    { Entrypoint: ["sh", "-c", APP], Cmd: [] },
    { Entrypoint: ["sh", "-c", APP], Cmd: null },
    { Entrypoint: ["sh", "-c"], Cmd: [APP] },
  ]);
}

function config(draw: Draw, secret: string, image: string, mode: string, ownName: boolean): Open {
  return {
    Env: env(draw, secret, image),
    // Without it, a program that ignores the signal would be waited for ten seconds.
    StopTimeout: draw.one([0, 1, 1]),
    ...draw.fields({
      Hostname: [ownName ? 0.2 : 0, () => draw.one(["given", "a.b.example", "x".repeat(63)])],
      Domainname: [ownName ? 0.15 : 0, () => "example.test"],
      User: [
        0.25,
        () => draw.one(["", "0", "0:0", "1234:1235", ...(image === OPINIONATED ? [] : ["app", "app:app"]), "4321"]),
      ],
      Tty: [0.2, () => true],
      OpenStdin: [0.2, () => true],
      StdinOnce: [0.1, () => true],
      AttachStdout: [0.2, () => draw.chance(0.5)],
      AttachStderr: [0.2, () => draw.chance(0.5)],
      Labels: [0.4, () => labels(draw)],
      Healthcheck: [0.2, () => healthcheck(draw)],
      WorkingDir: [0.2, () => draw.one(["/tmp", "/made/on/start", "/tmp/", ""])],
      StopSignal: [0.2, () => draw.one(["SIGTERM", "SIGINT", "INT", "15", "SIGQUIT"])],
      ExposedPorts: [
        !mode.startsWith("container:") ? 0.2 : 0,
        () => ({ [`${draw.int(1000, 9000)}/${draw.one(["tcp", "udp"])}`]: {} }),
      ],
      Volumes: [
        0.2,
        () => Object.fromEntries(draw.some(["/v1", "/v2/", "/v3/deep", "/declared"]).map((at) => [at, {}])),
      ],
      Shell: [
        0.1,
        () =>
          draw.one([
            ["/bin/sh", "-ec"],
            ["/bin/busybox", "sh", "-c"],
          ]),
      ],
      ArgsEscaped: [0.05, () => true],
      MacAddress: [mode === "default" || mode === "bridge" ? 0.1 : 0, () => mac(draw)],
    }),
  };
}

function env(draw: Draw, secret: string, image: string): string[] {
  const plain = Array.from({ length: draw.int(0, 6) }, (_, at) => `SETTING_${at}=${draw.one(VALUES)}`);
  if (draw.chance(0.15)) plain.push("NAME_ALONE");
  if (draw.chance(0.1)) plain.push("TWICE=one", "TWICE=two");
  // What the image sets too: to the same, to another value, or taken away.
  if (draw.chance(0.3)) plain.push(image === FILE_ENV ? "PATH=/usr/local/bin:/bin" : "PATH=/bin");
  if (draw.chance(0.2)) plain.push(draw.one(["TEAM=image", "TEAM=own", "TEAM=", "TEAM", "KEPT=two words"]));
  plain.splice(draw.int(0, plain.length), 0, `DB_PASSWORD=${secret}`);
  return plain;
}

function labels(draw: Draw): Open {
  const names = ["a", "com.example/x.y", "team", "other", "ü", "empty"];
  return Object.fromEntries(draw.some(names).map((name) => [name, draw.one(["image", "own", ...VALUES])]));
}

function healthcheck(draw: Draw): Open {
  // Each check is a process that the engine starts in the container.
  const often = draw.int(700, 1500) * 1_000_000;
  return {
    ...draw.fields({
      Test: [
        0.8,
        () =>
          draw.one<readonly string[]>([
            ["NONE"],
            ["CMD", "true"],
            ["CMD", "test", "-d", "/"],
            ["CMD-SHELL", 'test -n "$DB_PASSWORD"'],
            ["CMD-SHELL", "true | true && exit 0"],
            [],
          ]),
      ],
      Timeout: [0.5, () => 5_000_000_000],
      StartPeriod: [0.3, () => 1_000_000_000],
      StartInterval: [0.2, () => 500_000_000],
      Retries: [0.5, () => draw.int(1, 5)],
    }),
    Interval: often,
  };
}

function networks(draw: Draw, mode: string, around: Around): Open {
  const user = around.networks.some((one) => one.name === mode);
  const bridge = mode === "default" || mode === "bridge";
  if (!user && !bridge) return {};
  const more = draw.chance(0.4) ? draw.some(around.networks, 2).map((one) => one.name) : [];
  const names = [...new Set([...(user ? [mode] : []), ...more])].filter(() => user);
  const endpoints = names.map((name) => [name, draw.chance(0.2) ? {} : endpoint(draw, name, around)] as const);
  return names.length === 0 ? {} : { NetworkingConfig: { EndpointsConfig: Object.fromEntries(endpoints) } };
}

function endpoint(draw: Draw, name: string, around: Around): Open {
  const network = around.networks.find((one) => one.name === name);
  const { v4 = "", v6 = null } = network ?? {};
  const ipam = draw.fields({
    IPv4Address: [0.4, () => `${v4}.${draw.int(128, 255)}.${draw.int(1, 254)}`],
    IPv6Address: [v6 === null ? 0 : 0.4, () => `${v6}::${draw.int(0x1000, 0xffff).toString(16)}`],
    LinkLocalIPs: [0.2, () => [`169.254.${draw.int(1, 250)}.${draw.int(1, 250)}`]],
  });
  return draw.fields({
    IPAMConfig: [0.6, () => ipam],
    Aliases: [0.4, () => draw.some(["front", "web", "db.internal", "a_b"])],
    DriverOpts: [0.2, () => ({ "com.example.note": draw.one(["1", "two words"]) })],
    MacAddress: [0.15, () => mac(draw)],
    Links: [0.1, () => [`${around.helper}:${draw.one(["store", "cache"])}`]],
  });
}

function mac(draw: Draw): string {
  return ["06", ...Array.from({ length: 5 }, () => draw.int(0, 255).toString(16).padStart(2, "0"))].join(":");
}
