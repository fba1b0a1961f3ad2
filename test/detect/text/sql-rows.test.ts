import { expect, test } from "vitest";
import { kit as makeKit } from "../../../src/detect/index.ts";
import { alarmsIn, partsIn } from "./spot.ts";

// Dumps and seeds: a column says what its cells are, and so does a name in the cell before.

const kit = makeKit(37);
const [V, W] = [["harbor", "4711"].join(""), ["copper", "2291"].join("")];
const T = `${kit.base62(30)}7bQ`;
const MADE =
  "CREATE TABLE `users` (\n  `id` int NOT NULL,\n  `user_pass` varchar(255) NOT NULL,\n  PRIMARY KEY (`id`)\n);\n";

test.each([
  [
    "columns",
    `INSERT INTO users (id, name, password) VALUES\n(1, 'ada', '${V}'),\n(2, 'o''neil (x)', '${W}');`,
    [V, W],
  ],
  ["a function", `INSERT INTO users(login,pwd) VALUES('ada',MD5('${V}'));`, [V]],
  ["brackets of SQL Server", `INSERT [dbo].[Users] ([Id], [Password]) VALUES (1, N'${V}')\nGO`, [V]],
  ["a table made before", `${MADE}INSERT INTO \`users\` VALUES (1,'${V}'),(2,'${W}');`, [V, W]],
  [
    "a table that is made in one line",
    `CREATE TABLE t(id INTEGER PRIMARY KEY, n DECIMAL(4,2) DEFAULT 'a,b', password);\nINSERT INTO t VALUES(1,2,'${V}');`,
    [V],
  ],
  [
    "a table with remarks",
    `CREATE TABLE users (\n  -- who, and\n  name text, -- it's his, or hers\n  password text -- hashed (soon)\n);\nINSERT INTO users VALUES ('ada', '${V}');`,
    [V],
  ],
  [
    "rows behind one whose text ends with what others escape by",
    String.raw`INSERT INTO paths (path, password) VALUES ('C:\', NULL);` +
      `\nINSERT INTO users (name, password) VALUES ('ada', '${V}');\nINSERT INTO users VALUES ('bob', '${W}');`,
    [V],
  ],
  [
    "rows behind a table that nothing ends",
    `CREATE TABLE a (\n  id int\nINSERT INTO users (name, password) VALUES ('ada', '${V}');`,
    [V],
  ],
  ["copied rows", `COPY public.users (id, password) FROM stdin;\n1\t${V}\n2\t\\N\n\\.\n`, [V]],
  ["copied tokens", `COPY api_keys (id, token) FROM stdin;\n1\t${T}\n2\tnone\n\\.\n`, [T]],
  ["a row of settings", `INSERT INTO options VALUES (12,'smtp_password','${V}','yes');`, [V]],
  ["MySQL's own table", `UPDATE mysql.user SET authentication_string=PASSWORD('${V}') WHERE User='root';`, [V]],
])("%s", (_, text, secrets) => {
  expect(partsIn("dump.sql", `${text}\n`)).toEqual(secrets);
});

test.each([
  "INSERT INTO users (name, password) VALUES (?, ?), (:name, :password), ('ada', NULL), ('bob', '');",
  "INSERT INTO translations VALUES (1,'password','Passwort');\nINSERT INTO roles (id, name) VALUES (4, 'reset_password');",
  "INSERT INTO t (password_reset_at, token) VALUES ('2024-01-01', 'abc');",
  `${MADE}SELECT * FROM users WHERE user_pass = :password;`,
])("nothing in %s", (text) => {
  expect(alarmsIn("dump.sql", `${text}\n`)).toEqual([]);
});
