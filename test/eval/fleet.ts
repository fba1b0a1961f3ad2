// `node test/eval/fleet.ts --seed N --containers 10000 --out DIR`: a fleet of containers as `docker inspect` shows it.
import { closeSync, mkdirSync, openSync, writeFileSync, writeSync } from "node:fs";
import { join } from "node:path";
import { parseArgs } from "node:util";
import { OFFICIAL_LINES, ORDINARY_PAIRS } from "./clean/ordinary.ts";
import { containerDocument, type Parts } from "./fleet-document.ts";
import { CLEAN_KINDS, SECRET_KINDS, stream } from "./generate.ts";
import type { Random } from "./tools/random.ts";
import type { Drawn, Kind } from "./tools/row.ts";
import { SERVICES } from "./tools/words.ts";

export type FleetLabels = {
  readonly seed: number;
  readonly containers: number;
  readonly secrets: number;
  /** By the container's name: where its secrets stand, without their values. */
  readonly bad: {
    readonly [container: string]: readonly { readonly kind: string; readonly where: string; readonly name: string }[];
  };
};

type Labelled = Drawn & { readonly kind: string };

/** Of 10,000 containers 477 are bad, and they hold 964 secrets. */
const BAD = 0.0477;
const SECRETS_PER_BAD = 964 / 477;
const ENTRIES = 20;

/** Writes `inspect.json`, `labels.json` and, when wanted, each container as a file of its own; returns the labels. */
export function fleet(wanted: { seed: number; containers: number; out: string; files: boolean }): FleetLabels {
  const { seed, containers, out } = wanted;
  const random = stream(seed, "fleet");
  const secrets = plan(random, containers, drawer(seed, SECRET_KINDS));
  const clean = drawer(
    seed,
    CLEAN_KINDS.filter(({ kind }) => kind !== "clean-ordinary" && kind !== "clean-official"),
  );
  const images = Object.values(Object.groupBy(OFFICIAL_LINES, ({ image }) => image));
  const bad: { [container: string]: readonly { kind: string; where: string; name: string }[] } = {};
  mkdirSync(join(out, "files"), { recursive: true });
  const whole = openSync(join(out, "inspect.json"), "w");
  for (let at = 0; at < containers; at++) {
    const name = `${random.pick(SERVICES)}-${random.pick(["web", "api", "job", "db", "proxy"])}-${at + 1}`;
    const held = secrets.get(at) ?? [];
    if (held.length > 0) bad[name] = held.map(({ kind, where, name }) => ({ kind, where, name }));
    const parts = fill(random, random.pick(images) ?? [], held, clean);
    const text = JSON.stringify(containerDocument(random, name, parts), null, 4);
    writeSync(whole, `${at === 0 ? "[\n" : ",\n"}${text}`);
    if (wanted.files) writeFileSync(join(out, "files", `${name}.json`), `[\n${text}\n]\n`);
  }
  writeSync(whole, "\n]\n");
  closeSync(whole);
  const labels = { seed, containers, secrets: [...secrets.values()].flat().length, bad };
  writeFileSync(join(out, "labels.json"), `${JSON.stringify(labels, null, 1)}\n`);
  return labels;
}

/** Which containers hold which secrets: each bad one at least one, no two that need the same command or health check. */
function plan(random: Random, containers: number, draw: () => Labelled): Map<number, Labelled[]> {
  const count = Math.max(1, Math.round(containers * BAD));
  const places = random.shuffle(Array.from({ length: containers }, (_, at) => at)).slice(0, count);
  const total = Math.round(count * SECRETS_PER_BAD);
  const held = new Map<number, Labelled[]>(places.map((place) => [place, []]));
  for (let given = 0; given < total; given++) {
    const own = held.get(places[given] ?? random.pick(places)) ?? [];
    let drawn = draw();
    while (own.some((other) => clash(other, drawn))) drawn = draw();
    own.push(drawn);
  }
  return held;
}

function clash(one: Drawn, other: Drawn): boolean {
  if (one.name === other.name) return true;
  return one.where === other.where && ["cmd", "entrypoint", "healthcheck"].includes(one.where);
}

/** Draws by the kinds' weights, and only what an inspect document of a container can hold. */
function drawer(seed: number, kinds: readonly Kind[]): () => Labelled {
  const random = stream(seed, `fleet ${kinds[0]?.kind}`);
  const draws = kinds.map(({ kind, weight, make }) => ({ kind, weight, draw: make(stream(seed, `fleet ${kind}`)) }));
  const sum = draws.reduce((total, { weight }) => total + weight, 0);
  return () => {
    for (;;) {
      let left = random.next() * sum;
      const { kind, draw } = draws.find(({ weight }) => (left -= weight) < 0) ??
        draws[0] ?? { kind: "", draw: () => null };
      const drawn = draw();
      if (drawn && drawn.where !== "history" && drawn.where !== "build-arg") return { ...drawn, kind };
    }
  };
}

function fill(
  random: Random,
  image: readonly (Drawn & { readonly image: string })[],
  secrets: readonly Drawn[],
  clean: () => Drawn,
): Parts {
  const env = new Map<string, string>();
  const labels = new Map<string, string>();
  let [cmd, entrypoint, health]: (string | undefined)[] = [];
  const add = ({ where, name, value }: Drawn): void => {
    if (where === "env" || where === "image-env") env.set(name, env.get(name) ?? value);
    else if (where === "label") labels.set(name, labels.get(name) ?? value);
    else if (where === "cmd") cmd ??= value;
    else if (where === "entrypoint") entrypoint ??= value;
    else if (where === "healthcheck") health ??= value;
  };
  for (const secret of secrets) add(secret);
  for (const line of image) if (line.where !== "build-arg") add(line);
  for (let extra = random.int(3, 6); extra > 0; extra--) add(clean());
  while (env.size < ENTRIES) {
    const [name, value] = random.pick(ORDINARY_PAIRS);
    if (!env.has(name)) env.set(name, value);
    else if (random.chance(0.2)) add(clean());
  }
  return {
    image: image[0]?.image ?? "busybox",
    env: random.shuffle([...env]),
    labels: [...labels],
    cmd,
    entrypoint,
    health,
  };
}

if (import.meta.main) {
  const { values } = parseArgs({
    options: { seed: { type: "string" }, containers: { type: "string", default: "10000" }, out: { type: "string" } },
  });
  if (values.out === undefined) {
    process.stderr.write("--out DIR is missing\n");
    process.exitCode = 2;
  } else {
    const seed = values.seed === undefined ? Math.floor(Math.random() * 1e9) : Number(values.seed);
    const labels = fleet({ seed, containers: Number(values.containers), out: values.out, files: true });
    process.stdout.write(
      `seed ${seed}: ${labels.containers} containers, ${Object.keys(labels.bad).length} hold ${labels.secrets} secrets\n`,
    );
  }
}
