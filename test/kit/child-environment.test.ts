import { expect, test } from "vitest";
import { childEnvironment } from "../../src/kit/child-environment.ts";

const PLAIN = ["PATH", "HOME", "LC_ALL", "TZ", "SSH_AUTH_SOCK", "https_proxy", "DOCKER_HOST", "COMPOSE_PROFILES"];
const CREDENTIALS = [
  ...["VAULT_TOKEN", "VAULT_ADDR", "BAO_TOKEN", "AWS_SECRET_ACCESS_KEY", "AWS_PROFILE", "AZURE_CLIENT_SECRET"],
  ...["SOPS_AGE_KEY_FILE", "UNSPRAWL_RUNTIME_DIR", "GITHUB_TOKEN", "my_secret", "PGPASSWORD", "DOCKER_AUTH_CONFIG"],
];
const env = Object.fromEntries([...PLAIN, ...CREDENTIALS, "LEVEL", "NODE_OPTIONS"].map((name) => [name, "x"]));

test("a program that is started gets what it needs to find its way, and nothing else", () => {
  expect(Object.keys(childEnvironment(env)).sort()).toEqual(PLAIN.toSorted());
});

test("what is asked for is passed on, except credentials", () => {
  const found = childEnvironment(env, ["LEVEL", "ABSENT", ...CREDENTIALS]);
  expect(Object.keys(found).sort()).toEqual([...PLAIN, "LEVEL"].sort());
});
