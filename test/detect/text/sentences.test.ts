import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// What people write down for each other is worth a look: never more, since documents are full of examples.

const V = `${makeKit(17).base62(12)}9aZ`;

test.each([
  ["README.md", `Login with admin / ${V}`],
  ["README.md", `The root password is \`${V}\`.`],
  ["README.md", `Default credentials: admin:${V}`],
  ["README.md", `- **Password**: ${V}`],
  ["README.md", `    $ curl -u admin:${V} https://shop.test`],
  ["README.md", `- **Password:** \`${V}\``],
  ["README.md", `| Host | Password |\n|---|:--|\n| db1 | \`${V}\` |`],
  ["app.log", `DEBUG Authorization: Bearer ${V}${V}`],
  ["notes.txt", `ID:app PW:${V}`],
  ["notes.txt", `user = app, pass = ${V}`],
  ["notes.txt", `wifi password ${V}`],
  ["notes.txt", `api key - ${V}${V}`],
  ["app.log", `Generated password for admin: ${V}`],
])("%s: %s is worth a look", (path, line) => {
  expect(alarmsIn(path, line, "low")).toHaveLength(1);
  expect(partsIn(path, line)).toEqual([]);
});

test.each([
  ["README.md", "The password is hashed with SHA-256. Pass --token to log in with your/name."],
  ["README.md", "password: see https://shop.test/v2/reset, or secrets/db_password.txt"],
  ["README.md", "Log in with admin / the password that you chose. Token v1.2.3 is gone."],
  ["README.md", "| Option | Password |\n|---|---|\n| `ada` | none |\n| shop2024 | see the vault |"],
  ["README.md", "| shop2024 | Password |\n| shop2024 | Release2024 |"],
  ["notes.txt", "pw: ask Ada; user: app, pass: none; the key is F12"],
])("%s: nothing in %s", (path, line) => {
  expect(alarmsIn(path, line, "low")).toEqual([]);
});
