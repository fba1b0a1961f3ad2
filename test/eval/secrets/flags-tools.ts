import { checked, jwt } from "../tools/crypto.ts";
import type { Random } from "../tools/random.ts";
import { command, type Kind } from "../tools/row.ts";
import { host, user } from "../tools/words.ts";
import { plainPassword } from "./connections.ts";
import type { Line } from "./flags-data.ts";
import { humanPassword } from "./passwords.ts";

/** Programs of builds, transfers, operations and servers that take a password as an argument. */
const PASSWORD: readonly Line[] = [
  (p, r) => ["curl", "-sf", "-u", `${user(r)}:${p}`, `https://${host(r)}/health`],
  (p, r) => ["curl", `--user=${user(r)}:${p}`, "-XPOST", `http://${host(r)}:9200/_refresh`],
  (p, r) => ["curl", "--proxy-user", `${user(r)}:${p}`, "-x", "http://proxy:3128", "https://example.org"],
  (p, r) => ["curl", `https://${user(r)}:${p}@${host(r)}/api`],
  (p, r) => ["wget", "--user=deploy", `--password=${p}`, `https://${host(r)}/app.tgz`],
  (p, r) => ["wget", `--http-user=deploy`, `--http-password=${p}`, "-q", `https://${host(r)}/x`],
  (p, r) => ["http", "-a", `${user(r)}:${p}`, "GET", `https://${host(r)}/v1`],
  (p, r) => ["lftp", "-u", `deploy,${p}`, `ftp://${host(r)}`],
  (p, r) => ["sshpass", "-p", p, "ssh", "-o", "StrictHostKeyChecking=no", `root@${host(r)}`],
  (p, r) => ["docker", "login", "-u", "ci", "-p", p, host(r)],
  (p, r) => ["podman", "login", "--username", "ci", "--password", p, host(r)],
  (p, r) => ["skopeo", "copy", "--src-creds", `ci:${p}`, `docker://${host(r)}/app`, "dir:/out"],
  (p, r) => ["crane", "auth", "login", host(r), "-u", "ci", "-p", p],
  (p, r) => ["helm", "registry", "login", host(r), "--username", "ci", "--password", p],
  (p) => ["helm", "upgrade", "app", "./chart", "--set", `postgresql.auth.password=${p}`],
  (p, r) => ["smbclient", `//${host(r)}/share`, "-U", `backup%${p}`, "-c", "ls"],
  (p, r) => ["mount", "-t", "cifs", `//${host(r)}/share`, "/mnt", "-o", `username=backup,password=${p}`],
  (p, r) => ["xfreerdp", `/v:${host(r)}`, "/u:Administrator", `/p:${p}`],
  (p) => ["x11vnc", "-forever", "-passwd", p],
  (p, r) => ["ipmitool", "-I", "lanplus", "-H", host(r), "-U", "ADMIN", "-P", p, "power", "status"],
  (p) => ["openssl", "pkcs12", "-export", "-in", "c.pem", "-out", "c.p12", "-passout", `pass:${p}`],
  (p) => ["openssl", "rsa", "-in", "k.pem", "-passin", `pass:${p}`],
  (p) => ["openssl", "enc", "-aes-256-cbc", "-k", p, "-in", "a", "-out", "b"],
  (p) => ["keytool", "-importcert", "-noprompt", "-storepass", p, "-alias", "ca", "-file", "/ca.pem"],
  (p) => ["keytool", "-genkeypair", "-alias", "app", "-keypass", p, "-keyalg", "RSA"],
  (p) => ["jarsigner", "-storepass", p, "app.jar", "release"],
  (p) => ["gpg", "--batch", "--passphrase", p, "-c", "backup.tar"],
  (p) => ["zip", "-r", "-P", p, "out.zip", "data"],
  (p) => ["7z", "a", `-p${p}`, "out.7z", "data"],
  (p) => ["unzip", "-P", p, "in.zip"],
  (p) => ["htpasswd", "-bc", "/etc/nginx/.htpasswd", "admin", p],
  (p) => ["kadmin", "-p", "admin/admin", "-w", p, "-q", "listprincs"],
  (p, r) => ["svn", "checkout", "--username", "ci", "--password", p, `https://${host(r)}/repo`],
  (p, r) => ["ansible-playbook", "site.yml", "-i", host(r), "-e", `ansible_password=${p}`],
  (p) => ["kcadm.sh", "config", "credentials", "--server", "http://kc:8080", "--realm", "master", "--user", "admin", "--password", p],
  (p) => ["start-dev", `--db-password=${p}`, "--db-username=keycloak"],
  (p) => ["nuget", "sources", "add", "-Name", "corp", "-Source", "https://nuget.example.org", "-Username", "ci", "-Password", p],
  (p) => ["composer", "config", "http-basic.repo.example.org", "ci", p],
  (p) => ["nexus-cli", "login", "--user", "admin", "--password", p],
  (p) => ["az", "login", "--service-principal", "-u", "0f8fad5b-d9cb-469f-a165-70867728950e", "-p", p, "--tenant", "acme"],
  (p) => ["grafana-cli", "admin", "reset-admin-password", p],
  (p) => ["occ", "db:convert-type", "--password", p, "pgsql", "nextcloud", "db", "nextcloud"],
  (p) => ["wp", "core", "install", "--admin_user=admin", `--admin_password=${p}`, "--url=example.org"],
  (p) => ["drush", "site:install", `--account-pass=${p}`, "-y"],
  (p) => ["airflow", "users", "create", "--username", "admin", "--role", "Admin", "--password", p, "--email", "a@example.org"],
  (p) => ["jupyter", "lab", "--ip=0.0.0.0", `--ServerApp.password=${p}`],
  (p) => ["gitea", "admin", "user", "create", "--username", "root", "--password", p, "--email", "root@example.org"],
  (p) => ["opensearch-cli", "curl", "get", "--basic-auth", `admin:${p}`],
  (p) => ["nmcli", "dev", "wifi", "connect", "Office", "password", p],
  (p) => ["turnserver", "--lt-cred-mech", `--user=turn:${p}`, "--realm=example.org"],
  (p) => ["ss-server", "-s", "0.0.0.0", "-p", "8388", "-k", p, "-m", "aes-256-gcm"],
  (p) => ["rclone", "lsd", "remote:", `--sftp-pass=${p}`],
  (p) => ["cadvisor", "--storage_driver=influxdb", `--storage_driver_password=${p}`],
  (p, r) => ["setup", "--db-pass", p, "--db-host", host(r)],
];

const token = (random: Random): string =>
  random.pick([() => `ghp_${checked(random)}`, () => random.of("n", 32), () => random.hex(40), () => random.uuid().replaceAll("-", ""), () => jwt(random), () => random.base64url(30)])();

/** Programs that take a token, a key or a secret. */
const TOKEN: readonly Line[] = [
  (t, r) => ["curl", "-H", `Authorization: Bearer ${t}`, `https://${host(r)}/v1/jobs`],
  (t, r) => ["curl", "-sS", "--header", `X-Api-Key: ${t}`, `https://${host(r)}/api`],
  (t, r) => ["curl", "-H", `PRIVATE-TOKEN: ${t}`, `https://${host(r)}/api/v4/projects`],
  (t, r) => ["curl", "--oauth2-bearer", t, `https://${host(r)}/me`],
  (t, r) => ["curl", "-b", `session=${t}`, `https://${host(r)}/admin`],
  (t, r) => ["wget", `--header=X-Auth-Token: ${t}`, `https://${host(r)}/file`],
  (t) => ["cloudflared", "tunnel", "run", "--token", t],
  (t) => ["k3s", "agent", "--server", "https://k3s:6443", "--token", t],
  (t) => ["kubectl", "--server=https://k8s:6443", `--token=${t}`, "get", "pods"],
  (t) => ["oc", "login", `--token=${t}`, "--server=https://api.ocp.example.org:6443"],
  (t) => ["vault", "login", t],
  (t) => ["consul", "members", `-token=${t}`],
  (t) => ["gitlab-runner", "register", "--non-interactive", "--url", "https://gitlab.example.org", "--registration-token", t],
  (t) => ["./config.sh", "--unattended", "--url", "https://github.com/acme/app", "--token", t],
  (t) => ["sonar-scanner", "-Dsonar.projectKey=app", `-Dsonar.login=${t}`],
  (t) => ["snyk", "auth", t],
  (t) => ["ngrok", "http", "80", "--authtoken", t],
  (t) => ["tailscale", "up", `--authkey=${t}`],
  (t) => ["jupyter", "notebook", "--allow-root", `--NotebookApp.token=${t}`],
  (_, r) => ["docker", "swarm", "join", "--token", r.fill("SWMTKN-1-{50:a}-{25:a}"), "10.0.0.1:2377"],
  (_, r) => ["kubeadm", "join", "10.0.0.1:6443", "--token", r.fill("{6:a}.{16:a}"), "--discovery-token-unsafe-skip-ca-verification"],
  (t) => ["influx", "query", "--token", t, "buckets()"],
  (t) => ["meilisearch", "--http-addr", "0.0.0.0:7700", "--master-key", t],
  (t) => ["typesense-server", "--data-dir", "/data", `--api-key=${t}`],
  (t) => ["npm", "publish", `--//registry.npmjs.org/:_authToken=${t}`],
  (t) => ["twine", "upload", "-u", "__token__", "-p", t, "dist/*"],
  (t) => ["cargo", "publish", "--token", t],
  (t) => ["vercel", "deploy", "--prod", "--token", t],
  (t) => ["netlify", "deploy", "--auth", t, "--prod"],
  (t) => ["sentry-cli", "--auth-token", t, "releases", "list"],
  (t) => ["codecov", "-t", t, "-f", "coverage.xml"],
  (t) => ["aws", "configure", "set", "aws_secret_access_key", t],
  (t) => ["s3cmd", "--access_key=app", `--secret_key=${t}`, "ls"],
  (t) => ["turnserver", "--use-auth-secret", `--static-auth-secret=${t}`],
  (t) => ["oauth2-proxy", "--client-id=app", `--client-secret=${t}`, "--upstream=http://app:8080"],
  (t) => ["vllm", "serve", "meta/llama", "--api-key", t],
  (t) => ["text-generation-launcher", "--model-id", "acme/m", "--hf-api-token", t],
  (t) => ["./server", `-jwt-secret=${t}`, "-addr=:8080"],
  (t) => ["node", "server.js", "--session-secret", t],
  (t) => ["app", `--api_token=${t}`, "--debug"],
  (t) => ["renovate", `--token=${t}`, "acme/app"],
  (t) => ["pulsar-admin", "--auth-params", `token:${t}`, "tenants", "list"],
];

export const TOOL_FLAGS: readonly Kind[] = [
  {
    kind: "flag-tool-password",
    weight: 85,
    make: (random) => {
      const next = random.deck(PASSWORD);
      return () => command(random, next()(random.chance(0.5) ? humanPassword(random) : plainPassword(random), random));
    },
  },
  {
    kind: "flag-tool-token",
    weight: 60,
    make: (random) => {
      const next = random.deck(TOKEN);
      return () => command(random, next()(token(random), random));
    },
  },
];
