import { randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import {
  composeEnvironment,
  containsValue,
  missingVariables,
  passedEnvironment,
} from "../../../migrations/compose/engine/child.ts";
import type { ComposeProject } from "../../../migrations/compose/syntax/project.ts";
import { createDetector } from "../../../src/detect/detector.ts";
import { Secret } from "../../../src/model/secret.ts";

const detector = createDetector();
const random = (): string => randomBytes(15).toString("base64url").replaceAll(/[-_]/g, "x");

/** A project whose one file mentions all of these. */
function mentioning(names: readonly string[]): ComposeProject {
  const text = names.map((name) => `\${${name}}`).join("\n");
  return { yaml: new Map([["compose.yaml", { text }]]), dotenv: [], services: new Map() } as unknown as ComposeProject;
}

function passed(env: { readonly [name: string]: string }, texts: readonly string[] = []): readonly string[] {
  return passedEnvironment(mentioning(Object.keys(env)), env, {
    held: (value) => containsValue(texts, value),
    secret: (name, value) => detector.classify({ name, where: "env", value: Secret.of(value) }).secret,
  }).names;
}

const LOGIN = `x://me:${random()}@host`;
const SECRETS: { readonly [name: string]: string } = {
  ...Object.fromEntries(
    ["DB_PASS", "SMTP_PASS", "SSHPASS", "REDIS_AUTH", "GITHUB_PAT", "SENTRY_DSN", "VAULT_ADDR"].map((name) => [
      name,
      "x1",
    ]),
  ),
  ...{ WHERE: LOGIN, OTHER: `see amqp+ssl://me:${random()}@host/x`, SETTING: `ghp_${randomBytes(18).toString("hex")}` },
};

test("no credential of the environment is passed, by name, form or detection's judgement; settings are", () => {
  const settings = { LEVEL: "debug", PORT: "8080", TAG: "1.27-alpine", DOMAIN: "shop.example.com", EMPTY_TOKEN: "" };
  expect(passed({ ...SECRETS, ...settings })).toEqual(Object.keys(settings).sort());
});

test("one that a container has already is passed, alone or inside an address", () => {
  const [one, two] = [random(), random()];
  const env = { DB_PASS: one, SMTP_PASS: two, REDIS_AUTH: random(), PIN: "12" };
  expect(passed(env, [one, `smtp://me:${two}@host`, "127.0.0.12"])).toEqual(["DB_PASS", "SMTP_PASS"]);
});

test("what was set for a plan and is not any more is missed where the files fill it in", () => {
  const project = mentioning(["TAG", "PORT"]);
  expect(missingVariables(project, ["HOME", "PORT", "TAG"], { PORT: "" })).toEqual(["TAG"]);
});

test("what docker sets for its plug-ins is set where a container has it, and nowhere else", () => {
  const [name, value] = ["OTEL_RESOURCE_ATTRIBUTES", "docker.cli.cobra.command_path=docker%20compose"];
  const chosen = (env: NodeJS.ProcessEnv, text: string): readonly string[] =>
    passedEnvironment(mentioning([name]), env, { held: (one) => containsValue([text], one), secret: () => false })
      .names;
  expect(chosen({}, `${value},service.name=shop`)).toEqual([name]);
  expect(chosen({}, "deployment.environment=dev")).toEqual([]);
  expect(composeEnvironment({}, [name])[name]).toBe(value);
  expect(composeEnvironment({ [name]: "own=1" }, [name])[name]).toBe("own=1");
  expect(composeEnvironment({}, ["OTHER"])[name]).toBeUndefined();
  expect(missingVariables(mentioning([name]), [name], {})).toEqual([]);
});
