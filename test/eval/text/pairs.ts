import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { stream } from "../generate.ts";
import { scanned } from "./evaluate.ts";

/** A value that holds two secrets, in one of the forms in which applications take several. */
const FORMS: readonly ((first: string, second: string) => string)[] = [
  (a, b) => `JAVA_OPTS=-Xmx1g -Ddb.password=${a} -Dapi.token=${b}`,
  (a, b) => `SETTINGS=${JSON.stringify({ db: { host: "db", password: a }, api: { token: b } })}`,
  (a, b) => `BOOTSTRAP_B64=${Buffer.from(`DB_PASSWORD=${a}\nAPI_TOKEN=${b}\n`).toString("base64")}`,
  (a, b) => `SERVER_ARGS=--db-password ${a} --port 80 --api-token ${b}`,
  (a, b) => `AMQP_HOSTS=amqp://one:${a}@mq1:5672,amqp://two:${b}@mq2:5672`,
];

/** How many values with two secrets have both found as findings of their own, and how many one of them. */
export type PairScore = { readonly values: number; readonly both: number; readonly one: number };

/** Values of each form in env files, read by `scan dir:`. */
export function evaluatePairs(seed: number, size: number, main: string): PairScore {
  const folder = mkdtempSync(join(tmpdir(), "unsprawl-eval-pairs-"));
  try {
    const random = stream(seed, "two secrets");
    const lines = Array.from({ length: size }, (_, at) => {
      const form = FORMS[at % FORMS.length] as (typeof FORMS)[number];
      return form(random.of("n", 14), random.of("n", 28));
    });
    for (const [at, line] of lines.entries()) {
      mkdirSync(join(folder, String(at)));
      writeFileSync(join(folder, String(at), ".env"), `LOG=info\n${line}\n`);
    }
    const found = Map.groupBy(
      scanned(folder, main).filter(({ confidence }) => confidence !== "low"),
      ({ file }) => file,
    );
    const counts = lines.map((_, at) => found.get(`${at}/.env`)?.length ?? 0);
    return {
      values: size,
      both: counts.filter((count) => count >= 2).length,
      one: counts.filter((count) => count === 1).length,
    };
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
