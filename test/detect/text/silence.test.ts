import { expect, test } from "vitest";
import { alarmsIn } from "./spot.ts";

// What stands under a name of a secret in other people's charts, playbooks, sources and styles, and is none.

const SILENT: readonly (readonly [path: string, text: string])[] = [
  // Where the value is instead.
  [
    "values.yaml",
    "password: DEFINED-IN-REGION-SECRETS\npass: FROM-EXTERNAL-VAULT-PROVIDER\nsmtp_password: defined_in_secrets",
  ],
  ["values.yaml", "app_secret: 'd98a73_CHANGE_ME_c00c7c'\naccount_key: base64encodedaccountkey\nkeys: Vault-managed"],
  [
    "values.yaml",
    "api_token: PutSomeRandomSecureValueHere\ncloudflare_token: abcdabcdabcd123412341234\nurl: https://mcp.example.com/?apiKey=tvly-dev-xxx",
  ],
  ["build.sh", "db_password='FillInCorrectPassword'\nDROPBOX_OAUTH_KEY=dropboxoauthkey"],
  ["main.yml", "nrpe_pgsql_passwd: PGSQL_PASSWD"],
  ["openssl.cnf", "private_key = $dir/cakey.key"],
  // Names of entries and objects.
  ["values.yaml", "env:\n  secretName: mariadb-root\n  # the key\n  secretKey: password"],
  ["deployment.yaml", "secretKeyRef:\n  name: app\n  key: kafkaSaslJaasConfig"],
  [
    ".woodpecker.yml",
    "environment:\n  TOKEN:\n    from_secret: github_token\n  PASSWORD: { from_secret: docker_password }",
  ],
  [
    "secret.yaml",
    "kind: Secret\nstringData:\n  tenant: persephone-{{ .Values.name }}\n  id: vault+kvv2:///secrets/app/id",
  ],
  // What other programs mean by the word.
  ["main.yml", "- user:\n    name: app\n    update_password: on_create"],
  ["checkstyle.xml", '<property name="tokens" value="METHOD_DEF, CTOR_DEF"/>\n<property name="tokens" value="DOT"/>'],
  ["pom.xml", "<token>\\.css</token>"],
  ["Autounattend.xml", '<settings pass="oobeSystem">'],
  ["mode/dockerfile/dockerfile.js", 'return { regex: /x/, token: "variable-2" }'],
  [".secrets.baseline", `"hashed_secret": "${"ab43ee86acd157e3f7ff".repeat(2)}"`],
  ["app.ini", "RESET_PASSWORD_CODE_LIVES = 180\npassword_maxlen = 1024\npwdExpireWarning = 1209600"],
  ["ssl.yml", "cipher_list: 'ALL:!kRSA:!aNULL:!LOW@STRENGTH'"],
  ["Token.php", "return $this->createSessionToken('csrf');"],
  ["Config.java", 'public static final String NEO4J_AUTH_PASSWORD = "neo4j.auth.password";'],
  ["Encoder.cs", 'var scaleFilterFirstPass = "scale_rkrga=w=iw:h=ih,hwdownload";'],
  ["saml.go", 'const confirmationBearer = "urn:oasis:names:tc:SAML:2.0:cm:bearer"'],
  ["init.yml", '- set_fact: x={{ lookup("password", "/dev/null length=32") }}'],
  // Shells: messages, expressions, other ways to a password.
  ["dump.sh", "log_error \"LOCAL: '--password' requires a non-empty option argument.\""],
  ["pki.sh", 'pass_args="-passin file:${password_file}"\nopenssl rsa -passout pass:'],
  ["main.yml", '- shell: "grep -P SECRET_KEY_BASE=[[:alnum:]]{128} .env"'],
  // A key of which only the banners are there.
  ["tls.yaml", `tls.key: ${Buffer.from("-----BEGIN PRIVATE KEY-----\n-----END PRIVATE KEY-----").toString("base64")}`],
  [
    "run.log",
    `Key preview: -----BEGIN RSA PRIVATE KEY-----\nMIIEpAIBAAKCAQEA${"zF9HT3L6IiyE".repeat(4)}\nKey format valid`,
  ],
  // Names of options, kinds, objects and files, and what programs fill in.
  ["Hash.java", 'public static final String PARAMETER_SALT = "Argon2.salt";'],
  ["auth.rs", 'AuthPlugin::CachingSha2Password => "caching_sha2_password",'],
  ["consts.go", 'const FieldPkcs12Password = "pkcs12_password"'],
  ["oidc.go", 'const TypeValueAccessTokenJWT = "at+jwt"\nUsersFilter = "(&(objectClass=person)(!(password=none)))"'],
  ["kong.rockspec", '["kong.plugins.oauth2.secret"] = "kong/plugins/oauth2/secret.lua",'],
  ["handler.lua", "www_authenticate_with_error = 'Bearer error=\"invalid_token\"'"],
  ["Makefile.am", "test_password_scheme_LDFLAGS = -export-dynamic\ntest_jwt_token_SOURCES = test-jwt.c"],
  ["editor/amy.json", '{ "token": "entity.name.function.non-terminal" },\n{ "token": "meta.tag -source" }'],
  ["build.xml", '<replace token="@gb.version@" value="1"/>'],
  ["values.yaml", "imagePullSecret: IfNotPresent"],
  ["ci.yml", "DATABASE_URL: postgres://app@db:5432/app?sslmode=verify-ca&sslkey=.%2Fcerts%2Fclient.key"],
];

test("a chart that is called a demo is deployed as it is", () => {
  const values = "POSTGRES_PASSWORD: postgres";
  expect(alarmsIn("charts/shop-demo/values.yaml", values)).toEqual(["POSTGRES_PASSWORD"]);
  expect(alarmsIn("charts/demo/values.yaml", values)).toEqual([]);
});

test.each(SILENT)("nothing in %s: %s", (path, text) => {
  expect(alarmsIn(path, text)).toEqual([]);
});
