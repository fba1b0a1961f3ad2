import { describe, expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { alarms, urlOf } from "./ask.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

/** A secret's place on a command line: with a value there it is one, with what points to the value it is none. */
const PLACES: readonly (readonly [where: Where, line: (secret: string) => string])[] = [
  ["cmd", (x) => `psql "host=db user=app password=${x} dbname=app"`],
  ["cmd", (x) => `psql ${urlOf("postgresql", "app", x, "db/app")}`],
  ["cmd", (x) => `skopeo copy --dest-creds ci:${x} docker://a docker://b`],
  ["cmd", (x) => `java -jar jenkins-cli.jar -auth admin:${x} restart`],
  ["cmd", (x) => `chisel client --auth edge:${x} https://t.example.org R:22`],
  ["cmd", (x) => `redis-server --requirepass ${x} --appendonly yes`],
  ["cmd", (x) => `terraform apply -var=db_password=${x}`],
  ["cmd", (x) => `pulumi config set --secret dbPassword ${x}`],
  ["cmd", (x) => `gocryptfs -extpass "echo ${x}" /c /p`],
  ["cmd", (x) => `mount -t cifs //nas/b /mnt -o username=b,password=${x},vers=3.0`],
  ["cmd", (x) => `app --conn "Server=db;User Id=sa;Password=${x};Encrypt=False"`],
  ["cmd", (x) => `curl -H "Authorization: Bearer ${x}" https://x.example.org`],
  ["cmd", (x) => `skopeo inspect --creds=robot\\$ci:${x} docker://harbor.example.org/lib/app`],
  ["healthcheck", (x) => `CMD-SHELL mysqladmin ping -uroot -p${x}`],
  ["history", (x) => `RUN /bin/sh -c echo "//npm.example.org/:_authToken=${x}" > .npmrc && npm ci # buildkit`],
  ["history", (x) => `RUN /bin/sh -c npm config set //npm.example.org/:_authToken=${x}; npm ci # buildkit`],
  ["history", (x) => `RUN /bin/sh -c echo "machine h.example.org login ci password ${x}" > ~/.netrc # buildkit`],
  ["history", (x) => `RUN /bin/sh -c echo "root:${x}" | chpasswd # buildkit`],
  ["history", (x) => `RUN /bin/sh -c mosquitto_passwd -b -c /mosquitto/pw sensor ${x} # buildkit`],
  ["history", (x) => `RUN /bin/sh -c echo "stats auth admin:${x}" >> /haproxy.cfg # buildkit`],
  ["history", (x) => `RUN /bin/sh -c git clone ${urlOf("https", "ci", x, "git.example.org/a")} # buildkit`],
];

const REFERENCES = [
  "$DB_PASSWORD",
  "${DB_PASSWORD}",
  "${DB_PASSWORD:?not set}",
  "$(cat /run/secrets/db)",
  "$(</run/secrets/db)",
  "`cat /run/secrets/db`",
  "$$DB_PASSWORD",
  "$$cap_db-pass",
  "$$db_password",
  "$env:DB_PASSWORD",
  "__DB_PASSWORD__",
];

describe.each(PLACES.map(([where, line]) => ({ where, line, shown: line("…") })))(
  "$where: $shown",
  ({ where, line }) => {
    test("a value counts", () => {
      expect(alarms("Cmd", line(make.base62(22)), where)).toBe(true);
    });

    test.each(REFERENCES)("%s is none", (reference) => {
      expect(alarms("Cmd", line(reference), where)).toBe(false);
    });
  },
);

test.each([
  ["BASIC_AUTH_USERS", "admin:$ADMIN_PASSWORD"],
  ["SFTP_USERS", "alice:${ALICE_PASSWORD}:1001"],
  ["traefik.http.middlewares.a.basicauth.users", "admin:${ADMIN_HASH:?not set}"],
  ["PGPASS_CONTENT", "db:5432:app:app:$DB_PASSWORD"],
  ["DOTENV", "NODE_ENV=production\nDB_PASSWORD=ENC[AES256_GCM,data:Zm9v,iv:YmFy,tag:YmF6,type:str]\n"],
  ["JDBC_URL", "jdbc:mysql://db/app?user=app&password={{ .Values.dbPassword }}"],
  ["NETRC", "machine h.example.org login ci password {{ .Values.token }}"],
])("none in %s=%s", (name, value) => {
  expect(alarms(name, value)).toBe(false);
});

test("what stands in their place counts", () => {
  expect(alarms("BASIC_AUTH_USERS", `admin:${make.password()}`)).toBe(true);
  expect(alarms("PGPASS_CONTENT", `db:5432:app:app:${make.base62(16)}`)).toBe(true);
});

test.each([
  ["REDIRECTED", ["sh", "-c", "splunk start --gen-and-print-passwd 2>&1"]],
  ["RUN_AS", ["sudo", "-u", "app", "tool", "-p", "workers"]],
  ["TURN", ["coturn", "--external", "turn:turn.example.org:3478?transport=udp"]],
])("none in %s", (_, argv) => {
  expect(alarms("Cmd", JSON.stringify(argv), "cmd")).toBe(false);
});
