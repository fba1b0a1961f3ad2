import { randomBytes, randomUUID } from "node:crypto";
import { expect, it } from "vitest";
import { kit } from "../../src/detect/index.ts";
import { alarms, ask, urlOf } from "./ask.ts";

// A reference points to a value elsewhere. One that holds a token or a login is a secret itself, whichever tool it is of.

const make = kit(34);
const random = (): string => randomBytes(24).toString("hex");
const token = (): string => ["hvs", make.base62(90)].join(".");

it.each([
  ["bank-vaults with a token", () => `vault:${token()}`],
  ["a token as a path", () => `vault://${token()}`],
  ["1Password with a token", () => `op://Engineering/${token()}/credential`],
  ["vals, a token as an option", () => `ref+vault://secret/x?token=${token()}#/A`],
  ["vals, a login by AppRole", () => `ref+vault://secret/x?auth_method=approle&role_id=a&secret_id=${randomUUID()}#/A`],
  ["vals, a password as an option", () => `ref+vault://secret/x?auth_method=userpass&password=${random()}#/A`],
  ["vals, a login in the URL", () => `${urlOf("ref+httpjson", "app", random(), "api.example.org/x")}#/A`],
  ["vals, the value itself", () => `ref+echo://${random()}`],
  ["vals, the value itself, as a secret", () => `secretref+echo://${random()}`],
  ["a scheme that vals does not have", () => `ref+foo://${random()}`],
  ["such a scheme within a value", () => `ref+awsssm://a/b+ref+foo://${random()}`],
  ["a password glued to a reference", () => `ref+vault://secret/x#/A+${random()}`],
  ["a password behind a quoted reference", () => `{"user":"ref+vault://secret/x#/A","password":"${random()}"}`],
  ["a token beside a reference", () => `ref+vault://secret/x#/A+${token()}`],
  ["a password beside a reference", () => urlOf("postgres", "app", random(), "db/app?x=ref+vault://secret/x#/A+")],
])("%s", (_what, value) => expect(alarms("DB_PASSWORD", value())).toBe(true));

it.each([
  ["vals, a login elsewhere", "ref+vault://secret/x?auth_method=approle&role_id=a&secret_id=$SECRET_ID#/A"],
  ["vals, a file with the token", "ref+vault://secret/x?token_file=/run/secrets/token#/A"],
  ["vals, ciphertext of KMS", `ref+awskms://${randomBytes(120).toString("base64url")}?key=alias%2Fweb#/A`],
  ["vals, a secret's ARN", "ref+awssecrets://arn:aws:secretsmanager:eu-west-1:111122223333:secret:web-AbCdEf#/A"],
  ["vals, as a secret", "secretref+sops://secrets/web.yaml#/A"],
  ["vals, in a document", '{"user":"ref+vault://secret/x#/A","password":"ref+vault://secret/x#/B"}'],
  ["vals, within a value", "postgres://app:ref+vault://secret/db#/password+@db/app"],
  ["vals, two in a value", "ref+awsssm://a/user+:ref+awsssm://a/password"],
  ["vals, with spaces", "ref+sops:///srv/a file.yaml#/A"],
])("not %s", (_what, value) => expect(ask("DB_PASSWORD", value)).toMatchObject({ secret: false, rule: "reference" }));
