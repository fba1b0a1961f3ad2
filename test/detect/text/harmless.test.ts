import { expect, test } from "vitest";
import { alarmsIn, partsIn } from "./spot.ts";

// The second list of what stands in other people's files under a name of a secret, and is none; and what stays one beside it.

const HEX = "0f3a9c1e5b7d".repeat(6);
const BODY = "q7Zk3mT9xW2pL5vB8nR4cY6hJ1dF0gSa";

const SILENT: readonly (readonly [path: string, text: string])[] = [
  // Words for people.
  ["app/src/main/res/values-br/strings.xml", '<string name="pass_code_removed">Dilamet eo ar c\\\'hod tremen</string>'],
  ["res/values-ast/strings.xml", '<string name="end_to_end_encryption_password">Contraseña…</string>'],
  ["res/values-da/strings.xml", '<string name="preferencesEncryptionKey">"Krypteringsnøgle"</string>'],
  ["i18n/LocalStrings_zh_CN.properties", "cookies.invalidCookieToken=Cookie：cookie无效。值不是令牌或引用值"],
  ["de.lproj/Localizable.strings", '"settings.password" = "Kennwort2 ändern";'],
  // Placeholders.
  ["redis.conf", "requirepass replace-default-auth"],
  ["kubeconfig", "id-token: -replaceToken-"],
  ["deployment.yaml", "- name: SECRET_KEY_BASE\n  value: unused_for_dbmigrate_but_still_required"],
  ["deployment.yaml", "- name: AWS_SECRET_KEY\n  value: do-not-use"],
  ["inventory.ini", "user_create_password=to_be_added_in_the_near_future\nmapbox_access_token= RequestAMapBoxKey"],
  [".yo-rc.json", '"LA_cookie_signing_key": "fixture-pac4j-cookie-signing-key"'],
  [
    "secret.yaml",
    "kind: Secret\nstringData:\n  AWS_ACCESS_KEY_ID: UPDATE_AWS_ACCESS_KEY_ID\n  AWS_SECRET_ACCESS_KEY: UPDATE_AWS_SECRET_ACCESS_KEY",
  ],

  ["api.json", '"raw": "{\\n  \\"refreshToken\\": \\"sit tempor volu\\"\\n}",'],
  ["ci.sh", 'deploy --argocd-token "dummy" --now'],
  ["testacc", "printf ' PROXMOX_VE_API_TOKEN=\"root@pam!<token>=<value>\"\\n' >&2"],
  ["labels.yml", "#traefik.frontend.auth.basic.users: xxx:xxx"],
  ["settings.ini", 'saml.signing.private.key = "no_log"'],
  // Elided, counting and published values.
  ["token_test.go", 'SessionToken: "FwoGZXIvYXdzEBQaDExample...",'],
  ["role_test.go", 'SessionToken: aws.String("FwoGZXIvYXdzEBExample"),'],
  ["slack.yml", "token: xoxb-1234-56789abcdefghijklmnopqrstuvwxyz"],
  ["test_set.py", 'args({"token": "xoxa-123456789abcdef", "msg": "x"})'],
  ["deploy.yml", 'token: "ABAQDAwXxn7kIMNWzcDfo..."'],
  ["decrypt.yml", `secret: "WhQZht+JQJax1aZemmGLxmAAAA..."`],
  [
    "controller.go",
    `".dockerconfigjson": []byte("{\\"auths\\": {\\"https://index.docker.io/v1/\\": {\\"auth\\": \\"c3R...zE2\\"}}}"),`,
  ],
  ["known.yml", `key: AAAAB3NzaC1yc2EAAAABIwAAAQEAubiN81eDcafrgMeL${BODY}...seeFVBoGqzHM9yXw==`],
  ["examples/dev.yaml", 'custom_token: "tkn_live_abcdefghijklmnopqrstuvwx"'],
  ["values.yaml", '# apiKey: "sk-or-v3-xxxx"\nGOOGLE_API_KEY: AIzaXXXX'],
  ["doc.ts", "lines.push('curl http://localhost:41184/notes?token=ABCD123ABCD123ABCD123ABCD123ABCD123');"],
  ["sign.erl", 'SecurityToken = "AQoEXAMPLEH4aoAH0gNCAPyJxz4BlCFFxWNE1OPTgk5TthT+FvwqnKwRcOIfrRh3c/L",'],
  ["lookup.py", 'uri = "otpauth://totp/example?secret=JBSWY3DPEHPK3PXP"'],
  ["azure.json", '{"AccessToken": "eyJ0eXAiOiJKV1QiLCJhbGciOiJSUzI1NiJ9.eyJzdWIiOiJ0ZXN0In0.signature"}'],
  ["pact.json", '"Authorization": "Bearer test-token",'],
  // References, templates, expressions.
  ["set.yaml", "- name: NEO4J_AUTH\n  value: $(ROOT_USERNAME)/$(ROOT_PASSWORD)"],
  ["image.pkr.hcl", 'variable "client_jwt" {\n  default = "${env("ARM_CLIENT_JWT")}"\n}'],
  ["env.sh", 'auth0_secret="${AUTH0_SECRET_NAME:-client-secret-for-components}"'],
  ["stack.yaml", 'asm_database_password: !secret ASM_DATABASE_CONFIG | path ".password"'],
  [
    "rgw.yml",
    "x: >-\n  {{ {\n    'rgw_admin_password': radosgw_admin_password,\n    'OPENAI_API_KEY': api_key,\n  } }}",
  ],
  ["login.sh", "SCOPED_TOKEN=`awk '/X-Subject-Token/{print $3}' scoped.txt`"],
  [
    "Jenkinsfile",
    'sh """\nexport LADEMO_PASSWORD="\\$(sed -nE \'s/.*random password:[[:space:]]*([^[:space:]]+).*/\\\\1/p\' f)"\n"""',
  ],
  ["serverless.yml", "task_token.$: $$.Task.Token"],
  ["job.yaml", "kubectl exec pg -- bash -c \"PGPASSWORD='$POSTGRES_PASSWORD' psql -U postgres -c '\\l'\""],
  ["main.yml", 'rabbitmq_cookie: "rabbitmq-{% if rabbitmq_cluster %}cluster{% else %}single{% endif %}"'],
  ["setup.yml", 'shell: "sbin/rabbitmqctl add_user {{ item.user }} {{ item.pass }}"'],
  ["verify.yml", "command: smbclient //localhost/{{ spouse_firstname }} -U {{ spouse_firstname }} -c ls"],
  ["splunk.go", 'authToken := "Splunk " + s.Config.Token'],
  ["tags.php", `data-url="'.get_root_url().'admin.php?page=tags&amp;pwg_token='.get_pwg_token().'">'`],
  ["utils.ts", "Setting.setValue('sync.10.password', jsonBody.password);"],
  ["auth.c", 'fake.pw_passwd = xstrdup("$2a$10$"'],
  ["entrypoint.sh", 'echo >&2 "Password: [DRUPAL_PASSWORD] environment variable."'],
  ["docker.go", 'return fmt.Errorf("set NEXUS_PASSWORD, or pass --docker-username/--docker-password flags)")'],
  ["redis.container", `Exec=sh -c 'if [ "\${EMPTY_PASSWORD:-false}" = "true" ]; then exec valkey-server; fi'`],
  [
    "values.schema.json",
    '"description": "Example: `default: {secret: {existingSecret: my-secrets}, path: /etc/secrets}`"',
  ],
  ["addons.yml", "shell: kubectl describe secret $(kubectl get secret | awk '/dashboard-admin-token/{print $1}')"],
  ["data.conf", '"save-password": false,'],
  // What is called so and opens nothing.
  ["schema.yaml", "base64EncodedPrivateKey: tls.base64EncodedPrivateKey"],
  ["annotations.yaml", "vault.hashicorp.com/agent-inject-secret-truststore.password: nuodb.com/TLS"],
  ["values.yaml", "secretRef: neo4j-secrets\nsecretKey: neo4j-password"],
  [
    "values.yaml",
    'secretAccessKeyKey: "awsSecretAccessKey"\ncaSecret: cockroach-ca\ncredentialsSecret: unit-pxc-db-s3-backup1',
  ],
  ["constants.go", 'SecretKeyFieldKey = "aws_secret_key"'],
  ["server.go", '"GIT_ASKPASS=argocd",'],
  ["build.xml", '<filter token="OS.CMD.COPY" value="${os.cmd.copy}"/>'],
  ["md_spec.rb", "'md_message_cmd' => { type: 'Path', pass_opt: 'MDMessageCmd' },"],
  ["ConfigMode.h", 'case WIFI_AUTH_WPA_WPA2_PSK: sec = "WPA/WPA2/PSK"; break;'],
  ["vault.go", 'if secret.Key == "ca_chain" {'],
  ["variables.tf", 'variable "github_app_id_kvsecret" {\n  default = "github-app-id"\n}'],
  ["instance.yaml", 'postgres_password_secret: "dagster-postgresql-secret"'],
  ["hub.yaml", "auth_state_groups_key: oauth_user.roles"],
  ["postfix.yml", "smtp_sasl_password_maps: texthash:/etc/postfix/sasl_passwd"],
  ["mqtt.cpp", 'root["api_encryption"] = "Noise_NNpsk0_25519_ChaChaPoly_SHA256";'],
  ["apps.yaml", "access_token_validity: minutes=5"],
  ["keys.py", 'customer_master_key_spec="ECC_NIST_P256",'],
  ["v2.py", '@pulumi.type_token("qdrant-cloud:index/accountsDatabase:AccountsDatabase")'],
  ["inventory.ini", "alerts_apikey_whitelist = 10.77.0.1,10.77.0.2"],
  ["images.xml", '<field name="key">theme_zap.bg_img_02</field>'],
  ["dashboard.json", '"key": "Q-27ccd33e-72f0-4418-957a-a65d9698395e-0",'],
  ["Worth.yml", "recoverycompass: 807.39"],
  ["WebAuthnTests.java", 'static final String CREDENTIAL_ID_BASE64URL = "NauGCN7bZ5jEBwThcde51g";'],
  ["main.tf", 'member = "group:cloud-storage-analytics@google.com"'],
  ["defaults.yaml", "member: serviceAccount:dev-tb-app0-0-ro@test-pf-teams-iac-0.iam.gserviceaccount.com"],
  [
    "kubeconfig.yml",
    "- shell: kubectl config set-context system:kube-scheduler@kubernetes --user=system:kube-scheduler",
  ],
  ["kubeconfig.yml", "- shell: kubectl config set-credentials system:kube-controller-manager --embed-certs=true"],
  ["linux.yml", "run: cpanm -n App::cpanminus ExtUtils::MakeMaker"],
  ["tests/calendar.py", `'changeKey': '${BODY.slice(0, 22)}==',`],
  ["tests/guest.json", '"mac_seed": "366fe8e0-878b-4320-8731-90d1ed3c0b93"'],
  ["Pulumi.dev.yaml", "encryptionsalt: v1:PidwC1BukA0=:v1:fQSvxydFUaIrKsEE:C/DV/mn+diHPVUfZrl/5F5QXOYhEuw=="],
  ["testdata/nistkats-44.json", `"key_generation_seed": "${HEX.slice(0, 64)}",`],
  ["docusaurus.config.js", `algolia: {\n  appId: 'X',\n  apiKey: process.env.KEY || '${HEX.slice(0, 32)}',\n}`],
  [
    "tests/data/test1133",
    ".example.com\tTRUE\t/\tFALSE\t0\ttest5\tforbidden5\n.a.com\tTRUE\t/\tTRUE\t0\tCONSENT\tPENDING+648",
  ],
  [
    "request.log",
    `Authorization: AWS4-HMAC-SHA256 Credential=x/19700101/us/s3/aws4_request, SignedHeaders=host;x-amz-date, Signature=${HEX.slice(0, 64)}`,
  ],
  ["picture.ipynb", `"image/png": "iVBORw0KGgo${BODY}/YCND6H84eRQLaIUqG7OBBkb28vk8P0oUcPuFCGHq${BODY}"`],
  [
    "install.yaml",
    "      - args:\n        - server\n        - --requirepass $(REDIS_PASSWORD)\n        env:\n        - name: REDIS_PASSWORD\n          valueFrom:\n            secretKeyRef: { name: redis, key: auth }",
  ],
  ["request.t", 'parse("Proxy-Authorization: Basic QWxhZGRpbjpvcGVuIHNlc2FtZQ==");'],
  [
    "deploy.sh",
    'gcloud run deploy api \\\n  --set-secrets "DB_PASSWORD=rpg-db-password:latest" \\\n  --set-secrets DB_USERNAME=rpg-user:latest',
  ],
  ["telegraf.conf", 'token = "@{docker_secretstore:influxdb_token}"'],
  ["db_oracle.xml", '<echo dbPassword="@{dbPassword}"/>'],
  ["replicate.sh", "mysql -e \"CHANGE MASTER TO MASTER_PASSWORD='$SECOND_REPL_PASSWORD', MASTER_LOG_FILE='x'\""],
  ["init-db.sh", "psql -v bridge_password=\"$P\" <<EOF\nALTER USER mautrix WITH PASSWORD :'bridge_password';\nEOF"],
  ["User.php", '$req = $this->conn->prepare("SELECT id FROM users WHERE verify_token = :verify_token");'],
  ["handshake.js", "packet.writeNullTerminatedString('mysql_native_password', 'latin1');"],
  ["compose.yaml", "environment:\n  MYSQL_DEFAULT_AUTH: caching_sha2_password"],
  ["csrf.py", 'CSRF_SESSION_KEY = "_csrftoken"\nisTestKey = "sk_test_"'],
  ["provider.json", '"API_FRED_KEY": "fred_api_key"'],
  ["imf_country_map.json", '{ "PW": "Palau" }'],
  ["app.container", "PodmanArgs=--secret=postgresql_admin_password_secret,type=env,target=POSTGRES_PASSWORD"],
  [".env.shared", "SOCIAL_AUTH_ALLOWED_REDIRECT_HOSTS=localhost:3000"],
  ["cert-manager.yml", "apiTokenSecretRef:\n  name: cloudflare\n  key: api-token"],
  ["security.properties", "addUserPassword=Alpha,AlphaNumPunctuation,200,true,addUserPassword"],
  ["db.data.ts", "accessToken: 'valid-jwt-access-token-1',"],
  [".env", "MERCADOPAGO_WEBHOOK_SECRET=WHK-xxxx-xxxx-xxxx-xxxx\nDASHBOARD_AUTH=admin:$$apr1$$xyz..."],
  ["cert.sh", 'echo "${S3_ACCESS_KEY:?S3_ACCESS_KEY must be set} ${S3_SECRET_KEY:?S3_SECRET_KEY must be set}" > f'],
  ["jupyter.yml", "command:\n  - start-notebook.py\n  - \"--ServerApp.password=''\",\n"],
];

test("the password is the part, whatever stands around it", () => {
  expect(
    partsIn("compose.yml", "DATABASE_URL: postgres://${DB_USER:-app}:${DB_PASSWORD:-quietharbor7}@db/app"),
  ).toEqual(["quietharbor7"]);
  expect(partsIn("init.sh", 'create --password "${ADMIN_PASSWORD:-quietharbor7}" --force')).toEqual(["quietharbor7"]);
});

test("a finding stands behind its own name or flag, not where the same text stands first", () => {
  const run = "docker run -e KEYCLOAK_ADMIN=operator -e KEYCLOAK_ADMIN_PASSWORD=operator quay.io/keycloak";
  expect(alarmsIn("start.sh", run)).toEqual(["KEYCLOAK_ADMIN_PASSWORD"]);
  expect(alarmsIn("seed.sh", "airflow connections add minio --conn-login operator --conn-password operator")).toEqual([
    "conn-password",
  ]);
});

test.for(SILENT)("%s: %s", ([path, text]) => {
  expect(alarmsIn(path, text)).toEqual([]);
});
