import { describe, expect, test } from "vitest";
import type { Where } from "../../src/model/location.ts";
import { alarms, ask } from "./ask.ts";
import { kit } from "../../src/detect/index.ts";

const make = kit(7);

/** What images say of themselves, and what people set beside it. */
describe("a text for people in an image's labels", () => {
  const run = (password: string): string =>
    `podman run -d --name db -e MYSQL_USER=user -e MYSQL_PASSWORD=${password} -e MYSQL_DATABASE=db -p 3306:3306 quay.io/x/db`;

  test.each([
    "usage",
    "help",
    "org.label-schema.docker.cmd",
    "org.label-schema.docker.cmd.devel",
    "io.k8s.description",
  ])("an example in %s is none", (label) => {
    expect(alarms(label, run("pass"), "label")).toBe(false);
    expect(alarms(label, run(make.base62(24)), "label")).toBe(true);
  });

  test("parameters with what they mean are none", () => {
    const text = "POSTGRES_USER=user name,POSTGRES_PASSWORD=password of the user,TZ=time zone";
    expect(alarms("org.label-schema.docker.params", text, "label")).toBe(false);
  });

  test("says why", () => {
    expect(ask("usage", run("pass"), "label").why).toEqual(["is an example in documentation"]);
  });

  test("any other label counts", () => {
    expect(alarms("com.example.run", run("pass"), "label")).toBe(true);
    expect(alarms("com.example.db.password", "pass", "label")).toBe(true);
  });

  test.each(["LABEL", "/bin/sh -c #(nop)  LABEL"])("history writes it down without quotes: %s", (opens) => {
    const line = (before: string, after: string): string =>
      `${opens} name=x ${before}usage=${run("pass")} ${after}maintainer=The People <p@example.org>`;
    expect(alarms("history", line("", ""), "history")).toBe(false);
    expect(alarms("history", line("docs.", "summary=helm install --set auth.password=pass "), "history")).toBe(false);
    expect(alarms("history", line("db.password=pass ", ""), "history")).toBe(true);
    expect(alarms("history", line("", "db.password=pass "), "history")).toBe(true);
    expect(alarms("history", line("", "").replace("LABEL", "ENV"), "history")).toBe(true);
  });
});

describe("a secret for the time of a build", () => {
  test.each([
    "OTP_SECRET=precompile SECRET_KEY_BASE=precompile rails assets:precompile",
    "SECRET_KEY_BASE=1 RAILS_BUILD=1 bundle exec rake assets:precompile",
    "SECRET_KEY=unused uv run ./manage.py collectstatic --no-input --clear",
    "DJANGO_SECRET_KEY=build python manage.py compilemessages",
  ])("is none: %s", (command) => {
    expect(alarms("history", `RUN /bin/sh -c ${command} # buildkit`, "history")).toBe(false);
    expect(alarms("history", `RUN /bin/sh -c ${command.replace(/=\w+/, `=${make.hex(64)}`)}`, "history")).toBe(true);
  });

  test("counts before another command", () => {
    expect(alarms("history", "RUN /bin/sh -c SECRET_KEY_BASE=letmein rails server", "history")).toBe(true);
  });
});

describe("what is none", () => {
  const rows: readonly { readonly name: string; readonly value: string; readonly where?: Where }[] = [
    { name: "OPENVPN_PASSWORD", value: "**None**" },
    { name: "MYSQL_PASS", value: "**Random**" },
    { name: "STATSD_TOKEN", value: "**ChangeMe**" },
    { name: "JWT_PRIVATE_KEY", value: "classpath:privyKey.pem" },
    { name: "SIGNING_KEY", value: "classpath*:keys/sign.p12" },
    { name: "JWT_SECRET_KEY", value: "%kernel.project_dir%/config/jwt/private.pem" },
    { name: "PGRST_JWT_ROLE_CLAIM_KEY", value: ".app_metadata.role" },
    { name: "MAPBOX_API_KEY", value: "mapbox_api_key" },
    { name: "SIGN_IN_SECRET", value: "ctrl+shift+f5" },
    {
      name: "history",
      value: `|1 REPO=deb x /bin/sh -c GNUPGHOME="$D" gpg --batch --keyserver hkp://x --recv-keys ${make.hex(40)}`,
      where: "history",
    },
    {
      name: "history",
      value:
        "RUN /bin/sh -c keytool -genkey -keystore /root/.android/debug.keystore -alias androiddebugkey -storepass android -keypass android",
      where: "history",
    },
    { name: "JWT_SECRET", value: JSON.stringify({ type: "RS256", jwk_url: "https://login.example.org/jwks" }) },
    { name: "AUTH_TOKEN", value: "jwt" },
    { name: "NETWORK_PASSPHRASE", value: "Test SDF Network ; September 2015" },
    { name: "MAIL_PASSWORD_RESET_SUBJECT", value: "Reset your password" },
  ];

  test.each(rows)("$name=$value", ({ name, value, where = "env" }) => {
    expect(alarms(name, value, where)).toBe(false);
  });
});

describe("what is one", () => {
  const rows: readonly (readonly [name: string, value: string])[] = [
    ["JWT_SECRET", "super-secret"],
    ["DB_ENC_KEY", "supabaserealtime"],
    ["RPC_SECRET", "super-duper-secret"],
    ["USER_MANAGEMENT_JWT_SECRET", "jwt"],
    ["HTTPBASICAUTH", "admin:admin"],
    ["FIRST_SUPERUSER_PASSWORD", "changethis"],
    ["GRAPHQL_JWT_SECRET", JSON.stringify({ type: "HS256", key: make.base62(32) })],
    ["GRAPHQL_JWT_SECRET", JSON.stringify({ type: "HS256", key: "weakbutlongenoughforhs256signing" })],
  ];

  test.each(rows)("%s=%s", (name, value) => {
    expect(alarms(name, value)).toBe(true);
  });
});
