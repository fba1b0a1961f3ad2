import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { usersLabels } from "../../../migrations/compose/labels/users.ts";
import { loadProject } from "../../../migrations/compose/syntax/project.ts";
import { twelveSecrets } from "../../support/secrets.ts";

const dir = mkdtempSync(join(tmpdir(), "unsprawl-users-"));
afterAll(() => rmSync(dir, { recursive: true }));

const { GITHUB_TOKEN: ONE = "", SLACK_TOKEN: TWO = `${ONE}2` } = twelveSecrets();
const M = "traefik.http.middlewares";

/** Each label that can move: its own name, the variable that it becomes, and the lines of `.env` that go. */
async function labelsOf(yaml: string, env: string): Promise<(readonly [string, string, readonly string[]])[]> {
  const file = join(dir, "compose.yaml");
  writeFileSync(file, `services:\n  traefik:\n    image: traefik\n${yaml}`);
  writeFileSync(join(dir, ".env"), env);
  const project = await loadProject({ files: [file], dir: null, name: "p", envFiles: [], env: {} });
  const service = project.services.get("traefik");
  return service === undefined ? [] : usersLabels(service).map(({ key, name, sources }) => [key, name, sources]);
}

const list = (...labels: string[]): string => `    labels:\n${labels.map((one) => `      - "${one}"\n`).join("")}`;

test("labels with the same users become one variable, and others never", async () => {
  expect(
    await labelsOf(
      `    environment: [BASICAUTH_C_USERS=x]\n${list(
        ...[`${M}.my-a.basicauth.users=adm:${ONE}`, `${M}.my_a.basicauth.users=adm:${TWO}`],
        ...[`${M}.b.basicauth.users=adm:${ONE}`, `${M}.c.basicauth.users=ops:${ONE}`],
        ...[`${M}.d.basicauth.users=scrape:${TWO}`, `${M}.e.basicauth.users=\${DASH}`],
      )}`,
      `DASH=scrape:${TWO}\n`,
    ),
  ).toEqual([
    [`${M}.my-a.basicauth.users`, "BASICAUTH_MY_A_USERS", []],
    [`${M}.my_a.basicauth.users`, "BASICAUTH_MY_A_USERS_2", []],
    [`${M}.b.basicauth.users`, "BASICAUTH_MY_A_USERS", []],
    [`${M}.c.basicauth.users`, "BASICAUTH_C_USERS_2", []],
    [`${M}.d.basicauth.users`, "DASH", []],
    [`${M}.e.basicauth.users`, "DASH", ["DASH"]],
  ]);
});

test("several users are one file, and each line of .env that has one goes", async () => {
  const label = `${M}.a.basicauth.users`;
  expect(await labelsOf(list(`${label}=\${A}, ops:\${B}`), `A=adm:${ONE}\nB=${TWO}\n`)).toEqual([
    [label, "BASICAUTH_A_USERS", ["A", "B"]],
  ]);
});

test("a line of .env that is only the hash goes too, with a realm between it and the name", async () => {
  const label = `${M}.d.digestauth.users`;
  expect(await labelsOf(list(`${label}=\${NAME}:traefik:\${HASH}`), `NAME=scrape\nHASH=${ONE}\n`)).toEqual([
    [label, "DIGESTAUTH_D_USERS", ["HASH"]],
  ]);
});

test.each([
  ["a file of users beside it", list(`${M}.a.basicauth.users=adm:${ONE}`, `${M}.a.basicauth.usersFile=/etc/users`)],
  ["the same label in other letters", list(`${M}.a.basicauth.users=adm:${ONE}`, `${M}.a.basicAuth.users=ops:${TWO}`)],
  ["what is no list of users", list(`${M}.a.basicauth.users=adm:${ONE},${TWO}`)],
  ["a variable in a map's key, which Compose leaves", `    labels:\n      ${M}.\${N}.basicauth.users: adm:${ONE}\n`],
])("nothing moves with %s", async (_why, yaml) => {
  expect(await labelsOf(yaml, "N=a\n")).toEqual([]);
});
