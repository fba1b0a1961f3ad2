import { createHash, randomBytes } from "node:crypto";
import { expect, test } from "vitest";
import type { RotationTarget } from "../../src/contract/rotator.ts";
import { Secret } from "../../src/model/secret.ts";
import { matches, ssha } from "../../src/rotators/openldap/hashes.ts";
import { rotatorConformance, type RotatorWorld } from "../conformance/rotator.ts";
import { startSlapd } from "../services/slapd.ts";

const made = (): string => randomBytes(18).toString("base64url");

async function world(): Promise<RotatorWorld> {
  const [root, admin, stranger] = [made(), made(), made()];
  const server = await startSlapd(root, [
    'access to attrs=userPassword by dn.exact="cn=admin,dc=example,dc=org" write by self write by anonymous auth by * none',
    "access to * by users read by * none",
  ]);
  const add = async (name: string, password: string): Promise<string> => {
    const dn = `cn=${name},${server.suffix}`;
    const entry = { objectClass: "person", cn: name.replaceAll("\\", ""), sn: "x", userPassword: password };
    await server.as((client) => client.add(dn, entry));
    return dn;
  };
  const [adminDn, strangerDn] = [await add("admin", ssha(admin)), await add("stranger", ssha(stranger))];
  return {
    async subject(password) {
      // As it is, as older tools write it, or salted.
      const forms = [password, `{SHA}${createHash("sha1").update(password).digest("base64")}`, ssha(password)];
      const form = forms[randomBytes(1).readUInt8() % forms.length] ?? password;
      const login = await add(`app\\, ${randomBytes(4).toString("hex")}`, form);
      const target: RotationTarget = {
        ...{ rotator: "openldap", login, database: "", pair: null, previous: null, details: { startTls: "no" } },
        at: { host: "127.0.0.1", port: server.port, tls: "disable" },
      };
      return {
        target,
        old: { id: null, secret: Secret.of(password) },
        admin: { user: adminDn, secret: Secret.of(admin) },
      };
    },
    stranger: { user: strangerDn, secret: Secret.of(stranger) },
    logs: async () => server.log(),
    stop: server.stop,
  };
}

rotatorConformance("openldap", world, {
  owner: "may",
  absent: (target) => ({ ...target, login: `cn=gone,${target.login.slice(target.login.indexOf("dc="))}` }),
});

test("the forms of userPassword that tell a password, and those that do not", () => {
  const [password, salt] = [made(), randomBytes(8)];
  const of = (algorithm: string, ...salts: Buffer[]): string =>
    Buffer.concat([createHash(algorithm).update(password).update(Buffer.concat(salts)).digest(), ...salts]).toString(
      "base64",
    );
  for (const value of [
    password,
    ssha(password),
    `{sha}${of("sha1")}`,
    `{SMD5}${of("md5", salt)}`,
    `{SSHA512}${of("sha512", salt)}`,
  ]) {
    expect(matches(Buffer.from(value), password), value).toBe(true);
    expect(matches(Buffer.from(value), `${password}x`), value).toBe(false);
  }
  expect(matches(Buffer.from("{CRYPT}$6$x"), password)).toBeNull();
});
