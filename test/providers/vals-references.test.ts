import { expect, test } from "vitest";
import type { Json } from "../../src/model/json.ts";
import { openSpec } from "../conformance/spec.ts";

// References as vals' README has them, and which of them each store takes: an option that would name another value is
// never passed over.

const REGION = { region: "eu-west-1" };
const VAULT = { address: "https://vault.example.org:8200", mount: "mykv" };
const AZURE = { url: "https://team.vault.azure.net" };
const ARN = (region: string): string => `arn:aws:secretsmanager:${region}:111122223333:secret:myteam/mydoc-AbCdEf`;
const GCP = { projectId: "myproject" };

/** What a store makes of a reference: its path and field, null for another store's, or the code of its error. */
async function read(provider: string, config: { readonly [key: string]: Json }, reference: string): Promise<unknown> {
  const env = { HOME: "/nowhere", VAULT_TOKEN: "t" };
  const store = await openSpec({ provider, config, env, dir: "/srv" });
  try {
    const key = store.parse(reference);
    return key === null ? null : `${key.path}#${key.field}`;
  } catch (error) {
    return (error as { code?: unknown }).code;
  }
}

test.each([
  ["vault", VAULT, "ref+vault://mykv/foo#/bar", "foo#bar"],
  ["vault", VAULT, "ref+openbao://mykv/foo#/bar", "foo#bar"],
  ["vault", VAULT, "ref+vault://mykv/foo?address=https://vault.example.org:8200#/bar", "foo#bar"],
  ["vault", VAULT, "ref+vault://mykv/foo?address=https://vault1.example.com:8200#/bar", null],
  ["vault", VAULT, "ref+vault://mykv/foo?namespace=ns1#/bar", null],
  ["vault", VAULT, "ref+vault://mykv/foo?address=vault.example.org:8200#/bar", "foo#bar"],
  ["vault", VAULT, "ref+vault://mykv/foo?proto=https&address=vault.example.org:8200#/bar", "foo#bar"],
  ["vault", VAULT, "ref+vault://mykv/foo?proto=http&address=vault.example.org:8200#/bar", null],
  ["vault", VAULT, "ref+vault://mykv/foo?version=2#/bar", "foo*2#bar"],
  ["vault", VAULT, "ref+vault://mykv/foo?version=latest#/bar", "malformed"],
  ["vault", VAULT, "ref+vault://mykv/foo?version=1&version=2#/bar", "malformed"],
  ["vault", VAULT, "ref+vault://mykv/foo?auth_method=approle&role_id=r#/bar", "malformed"],
  ["vault", VAULT, "ref+vault://mykv/foo?decode=base64#/bar", "malformed"],
  ["vault", VAULT, "ref+vault://mykv/foo?token_file=/etc/passwd#/bar", "malformed"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar", "/foo/bar#"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?region=eu-west-1", "/foo/bar#"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?region=us-west-2", null],
  ["aws-ssm", {}, "ref+awsssm://foo/bar?region=us-west-2", null],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?mode=singleparam#/BAR", "/foo/bar#BAR"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?mode=singleparam&version=2#/a/b", "/foo/bar:2#a/b"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?mode=singleparam", "malformed"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?version=2", "/foo/bar:2#"],
  ["aws-ssm", REGION, "ref+awsssm://foo#/bar", "/foo/bar#"],
  ["aws-ssm", REGION, "ref+awsssm://foo#/bar/a", "malformed"],
  ["aws-ssm", REGION, "ref+awsssm://foo?recursive=true#/bar/a", "/foo/bar/a#"],
  ["aws-ssm", REGION, "ref+awsssm://foo/bar?role_arn=arn:aws:iam::111122223333:role/a", "malformed"],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mydoc#/foo", "myteam/mydoc#foo"],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mydoc?region=eu-west-1#/foo", "myteam/mydoc#foo"],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mykey?region=us-west-2", null],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mydoc#/foo/bar", "myteam/mydoc#foo/bar"],
  [
    ...(["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mykey?version_stage=AWSPREVIOUS"] as const),
    "myteam/mykey?version_stage=AWSPREVIOUS#",
  ],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mykey?version_stage=A&version_id=B", "malformed"],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mykey%3Fversion_stage=AWSPREVIOUS", "malformed"],
  ["aws-secrets-manager", REGION, "ref+awssecrets://myteam/mykey?profile=prod", "malformed"],
  ["aws-secrets-manager", REGION, `ref+awssecrets://${ARN("eu-west-1")}#/foo`, `${ARN("eu-west-1")}#foo`],
  ["aws-secrets-manager", REGION, `ref+awssecrets://${ARN("us-west-2")}#/foo`, null],
  ["azure-key-vault", AZURE, "ref+azurekeyvault://team/secret-a", "secret-a#"],
  ["azure-key-vault", AZURE, "ref+azurekeyvault://other/secret-a", null],
  ["gcp-secret-manager", GCP, "ref+gcpsecrets://myproject/mysecret?version=3#/yaml/key", "mysecret/3#yaml/key"],
  ["gcp-secret-manager", GCP, "ref+gcpsecrets://mysecret", "mysecret#"],
  ["gcp-secret-manager", GCP, "ref+gcpsecrets://myproject/mysecret?trim_nl=true", "malformed"],
  ["local", { file: "{subject}.yaml" }, "ref+sops:///srv/web.yaml#/a/b", "/srv/web.yaml#a/b"],
  ["local", { file: "{subject}.yaml" }, "ref+sops:///srv/web.yaml", "malformed"],
] as const)("%s %j %s", async (provider, config, reference, expected) => {
  expect(await read(provider, config, reference)).toBe(expected);
});
