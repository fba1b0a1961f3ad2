import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn } from "./spot.ts";

// What stands where a secret will be, in the languages of deployment tools.

const kit = makeKit(19);
const b64 = (text: string): string => Buffer.from(text).toString("base64");
const STATE = { "e2bfb730-ecaa-11e6-8f88-34363bc7c4c0": { create: 600000000000, delete: 1200000000000 } };

test.each([
  ["caprover.yml", "services:\n  $$cap_appname:\n    environment:\n      DB_PASSWORD: $$cap_db-pass"],
  [
    "caprover.yml",
    "      DATABASE_URL: postgresql://$$cap_db_user:$$cap_db_pass@srv-captain--$$cap_appname-db:5432/app",
  ],
  ["caprover.yml", "    - id: $$cap_db_pass\n      defaultValue: $$cap_gen_random_hex(24)"],
  [".github/workflows/deploy.yml", "env:\n  GITHUB_TOKEN: $GITHUB_ACTOR:${{ secrets.GITHUB_TOKEN }}"],
  [".drone.yml", "settings:\n  username:\n    from_secret: hub_username"],
  ["ecs.tf", 'root_password = "${var.names[count.index] == "gitlab" ? random_string.gitlab.result : ""}"'],
  ["efs.tf", 'creation_token = "efs-airflow"'],
  ["terraform.tfstate", `{"private": "${b64(JSON.stringify(STATE))}"}`],
  ["terraform.tfstate", `{"private": "${b64(JSON.stringify({ schema_version: "1" }))}"}`],
  ["tasks/main.yaml", "user:\n  name: admin\n  update_password: on_create"],
  ["tasks/repo.yml", "      Pin-Priority: 1001"],
  ["secret.yaml", `kind: Secret\ndata:\n  DB_PASSWORD: ${b64("DB_PASSWORD")}\n  AWS_ID: ${b64("AWS_ID")}`],
  ["caprover.yml", "    - id: $$cap_key\n      defaultValue: 'base64:$$cap_gen_random_hex(43)='"],
  ["caprover.yml", "      SECRET: $$cap_appname$$cap_gen_random_hex(16)\n      DB_PASSWORD: $$db_password"],
  ["compose.yml", "services:\n  a:\n    environment:\n      APP_SECRET: changeme-generate-a-long-random-secret"],
  ["prod.env", "DB_PASSWORD=DB_PASSWORD"],
  ["steam.yaml", "kind: ExternalSecret\nspec:\n  data:\n    - secretKey: STEAM_USER"],
  [".secrets.baseline", `"hashed_secret": "${kit.hex(40)}"`],
])("%s: %s holds none", (path, text) => {
  expect(alarmsIn(path, text)).toEqual([]);
});

test.each([
  ["terraform.tfstate", `{"private": "${b64(JSON.stringify({ key: kit.base62(24) }))}"}`, "private"],
  ["secret.yaml", `kind: Secret\ndata:\n  DB_PASSWORD: ${b64(kit.base62(14))}`, "DB_PASSWORD"],
])("%s: %s holds one", (path, text, name) => {
  expect(alarmsIn(path, text)).toEqual([name]);
});
