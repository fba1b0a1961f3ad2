import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Values whose name is not beside them: users with their passwords, and objects that hold a value.

const kit = makeKit(41);
const V = ["Harbor", "#4711"].join("");
const W = `${kit.base62(10)}7bQ`;

test.each([
  ["users.yml", `users:\n  ada: ${V}\n  bob: "${W}" # too`],
  ["prod.tfvars", `users = { ada = "${V}", bob = "${W}" }`],
  ["config.json", `{\n  "users": {\n    "ada": "${V}",\n    "bob": "${W}"\n  }\n}`],
  ["app.py", `PASSWORDS = {"ada": "${V}", "bob": "${W}"}`],
  ["user-data.yaml", `#cloud-config\nchpasswd:\n  list: |\n    ada:${V}\n    bob:${W}`],
])("%s: %s", (path, text) => {
  expect(alarmsIn(path, "users:\n  - ada\n")).toEqual([]);
  expect(partsIn(path, `${text}\n`)).toEqual([V, W]);
  expect(alarmsIn(path, `${text}\n`)).toEqual(["ada", "bob"]);
});

test.each([
  ["terraform.tfstate", `{"outputs": {"db_password": {"value": "${V}", "type": "string"}}}`],
  ["terraform.tfstate", `{\n  "db_password": {\n    "value": "${V}",\n    "type": "string"\n  }\n}`],
  ["stack.json", `{\n  "DbPassword": {\n    "Type": "String",\n    "Default": "${V}"\n  }\n}`],
  ["stack.yaml", `Parameters:\n  DbPassword:\n    Type: String\n    Default: ${V}`],
])("%s: %s", (path, text) => {
  expect(partsIn(path, `${text}\n`)).toEqual([V]);
});

test.each([
  ["users.yml", "users:\n  name: Release2024\n  image: shop2024\n  - ada"],
  ["users.json", '{ "accounts": { "default": "main", "id": "a1b2c3d4e5f6a7b8" } }'],
  [
    "schema.json",
    '{ "password": { "type": "string", "default": "" }, "token": { "type": "string", "default": "none" } }',
  ],
  ["stack.yaml", "Parameters:\n  DbPassword:\n    NoEcho: true\n  Label:\n    Default: Shop2024!"],
  ["user-data.yaml", "#cloud-config\nchpasswd:\n  expire: false\nhostname: shop"],
])("%s says nothing: %s", (path, text) => {
  expect(alarmsIn(path, `${text}\n`)).toEqual([]);
});

// A finding is all of the value: what it leaves out a rotation would leave as well.

const WORDS = `${V} tiger 9`;

test.each([
  ["Makefile", `\tDB_PASSWORD='${WORDS}' ./deploy.sh`, WORDS],
  ["deploy.sh", `cat > app.cnf <<EOF\npassword=${WORDS}\nEOF`, WORDS],
  ["deploy.sh", `curl -u 'ada:${V}@24' https://shop.test`, `${V}@24`],
  ["deploy.sh", `echo "ada:${V}@5836" | chpasswd`, `${V}@5836`],
  [".env", `DB_PASSWORD="${V}\\\\x\\"y"`, `${V}\\x"y`],
  ["deployment.yaml", `env:\n  - name: DB_PASSWORD\n    value: '${V}''x'`, `${V}'x`],
])("%s: %s, whole", (path, text, value) => {
  expect(partsIn(path, `${text}\n`)).toEqual([value]);
});
