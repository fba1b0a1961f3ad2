import { checked, jwt } from "../tools/crypto.ts";
import type { Random } from "../tools/random.ts";
import { command, env, type Drawn, type Kind } from "../tools/row.ts";
import { host, named, user } from "../tools/words.ts";
import { hash } from "./capabilities.ts";
import { plainPassword } from "./connections.ts";
import { humanPassword } from "./passwords.ts";
import { speakingToken } from "./tokens.ts";

const basic = (random: Random): string => Buffer.from(`${user(random)}:${plainPassword(random)}`).toString("base64");
const opaque = (random: Random): string =>
  random.pick([() => random.of("n", 32), () => random.hex(40), () => random.base64url(32)])();

const header: Kind = {
  kind: "header",
  weight: 28,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => ["OTEL_EXPORTER_OTLP_HEADERS", `api-key=${opaque(random)}`],
      () => ["OTEL_EXPORTER_OTLP_HEADERS", `Authorization=Basic%20${basic(random)}`],
      () => ["OTEL_EXPORTER_OTLP_TRACES_HEADERS", `x-honeycomb-team=${random.of("n", 22)},x-honeycomb-dataset=app`],
      () => ["EXTRA_HEADERS", `Authorization: Bearer ${opaque(random)}`],
      () => ["UPSTREAM_HEADERS", JSON.stringify({ Accept: "application/json", "X-Api-Key": opaque(random) })],
      () => ["AUTHORIZATION", `Basic ${basic(random)}`],
      () => ["HTTP_AUTH_HEADER", `Token ${random.hex(40)}`],
      () => ["PROXY_HEADERS", `Proxy-Authorization: Basic ${basic(random)}\nAccept: */*`],
      () => ["REQUEST_HEADER_1", `X-Auth-Token: ${opaque(random)}`],
      () => ["DEFAULT_HEADERS", `Cookie: session=${opaque(random)}; theme=dark`],
      () => ["WEBHOOK_HEADERS", `X-Hub-Secret=${opaque(random)}`],
      () => ["GRAPHQL_HEADERS", `x-hasura-admin-secret: ${humanPassword(random)}`],
    ]);
    return () => env(random, ...next()());
  },
};

const java: Kind = {
  kind: "java-options",
  weight: 40,
  make: (random) => {
    const next = random.deck<(p: string) => string>([
      (p) => `-Xmx512m -Djavax.net.ssl.keyStore=/ks.jks -Djavax.net.ssl.keyStorePassword=${p}`,
      (p) => `-Djavax.net.ssl.trustStorePassword=${p} -XX:+UseG1GC`,
      (p) => `-Dspring.datasource.password=${p} -Dspring.profiles.active=prod`,
      (p) => `-Dspring.datasource.url=jdbc:postgresql://db/app?user=app&password=${p}`,
      (p) => `-Dhttp.proxyHost=proxy -Dhttp.proxyUser=app -Dhttp.proxyPassword=${p}`,
      (p) => `-server -Dcom.example.db.pass=${p} -Dfile.encoding=UTF-8`,
      (p) => `-Djava.security.egd=file:/dev/./urandom "-Dapp.jwt.secret=${p}"`,
      (p) => `-Dhazelcast.config=/h.xml -Dhz.password=${p} -Xms1g`,
      (p) => `-Djenkins.install.runSetupWizard=false -Dhudson.security.admin.password=${p}`,
      (p) => `-Delastic.apm.secret_token=${p} -Delastic.apm.server_url=http://apm:8200`,
    ]);
    return () => {
      const options = next()(
        random.chance(0.4) ? humanPassword(random).replaceAll(" ", "") : random.of("n", random.int(10, 30)),
      );
      if (random.chance(0.6))
        return env(
          random,
          random.pick([
            "JAVA_OPTS",
            "JAVA_TOOL_OPTIONS",
            "CATALINA_OPTS",
            "JDK_JAVA_OPTIONS",
            "_JAVA_OPTIONS",
            "ES_JAVA_OPTS",
            "MAVEN_OPTS",
            "KAFKA_OPTS",
            "SBT_OPTS",
          ]),
          options,
        );
      return command(random, ["java", ...options.replaceAll('"', "").split(" "), "-jar", "/app.jar"]);
    };
  },
};

const label: Kind = {
  kind: "label",
  weight: 38,
  make: (random) => {
    const next = random.deck<() => readonly [string, string]>([
      () => [
        "traefik.http.middlewares.auth.basicauth.users",
        `${user(random)}:${hash(random).replace(/^(?!\$).*/s, `$apr1$${random.of("n", 8)}$${random.of("n", 22)}`)}`,
      ],
      () => ["traefik.http.middlewares.key.headers.customrequestheaders.X-Api-Key", opaque(random)],
      () => ["traefik.http.middlewares.up.headers.customrequestheaders.Authorization", `Basic ${basic(random)}`],
      () => ["caddy.basicauth.admin", `$2a$14$${random.of("n", 53)}`],
      () => ["com.example.db.password", humanPassword(random)],
      () => [`org.example.${user(random)}.token`, opaque(random)],
      () => ["ofelia.job-exec.dump.command", `mysqldump -uroot -p${plainPassword(random)} app`],
      () => [
        "ofelia.slack-webhook",
        `https://hooks.slack.com/services/T${random.of("A", 10)}/B${random.of("A", 10)}/${random.of("n", 24)}`,
      ],
      () => [
        "com.datadoghq.ad.instances",
        JSON.stringify([{ host: "%%host%%", port: 5432, username: "datadog", password: plainPassword(random) }]),
      ],
      () => ["co.elastic.metrics/hosts", `redis://:${plainPassword(random)}@\${data.host}:6379`],
      () => ["co.elastic.metrics/password", humanPassword(random)],
      () => ["homepage.widget.key", opaque(random)],
      () => ["homepage.widget.password", humanPassword(random)],
      () => ["com.example.deploy.env", `API_KEY=${opaque(random)}`],
      () => ["diun.notif.webhook.headers", `Authorization=Bearer ${opaque(random)}`],
      () => ["kuma.monitor.http.basic_auth_pass", humanPassword(random)],
      () => [
        "docker-volume-backup.copy-pre",
        `/bin/sh -c 'PGPASSWORD=${plainPassword(random)} pg_dump -U app app > /b.sql'`,
      ],
      () => ["swag_auth_bypass_token", opaque(random)],
      () => ["com.example.build-info", JSON.stringify({ branch: "main", npmToken: `npm_${checked(random)}` })],
    ]);
    return (): Drawn => {
      const [name, value] = next()();
      return { where: "label", name, value };
    };
  },
};

const line = (value: string): Drawn => ({ where: "history", name: "history", value });

const history: Kind = {
  kind: "history",
  weight: 55,
  make: (random) => {
    const p = (): string => plainPassword(random);
    const next = random.deck<() => string>([
      () => `|1 NPM_TOKEN=npm_${checked(random)} /bin/sh -c npm ci --omit=dev`,
      () => `RUN |2 NPM_TOKEN=${opaque(random)} VERSION=1.2.3 /bin/sh -c npm install # buildkit`,
      () =>
        `RUN |1 PIP_INDEX_URL=https://ci:${p()}@pypi.example.org/simple /bin/sh -c pip install -r requirements.txt # buildkit`,
      () => `|3 USER=app UID=1000 DB_PASSWORD=${p()} /bin/sh -c ./configure && make`,
      () => `/bin/sh -c #(nop)  ENV MYSQL_ROOT_PASSWORD=${p()}`,
      () => `/bin/sh -c #(nop)  ENV APP_ENV=prod SECRET_KEY_BASE=${random.hex(128)}`,
      () => `ENV GITHUB_TOKEN=ghp_${checked(random)}`,
      () => `ENV ADMIN_PASSWORD=${p()} LOG_LEVEL=info`,
      () => `ARG SSH_PRIVATE_TOKEN=${opaque(random)}`,
      () => `/bin/sh -c #(nop)  ARG DEPLOY_PASSWORD=${p()}`,
      () => `RUN /bin/sh -c echo 'root:${p()}' | chpasswd # buildkit`,
      () => `/bin/sh -c echo "app:${p()}" | chpasswd && mkdir -p /run/sshd`,
      () =>
        `RUN /bin/sh -c git clone https://oauth2:${random.of("w", 20)}@gitlab.example.org/acme/lib.git /src # buildkit`,
      () =>
        `/bin/sh -c git config --global url."https://ghp_${checked(random)}:x-oauth-basic@github.com/".insteadOf "https://github.com/"`,
      () =>
        `RUN /bin/sh -c curl -fsSL -H "Authorization: token ${random.hex(40)}" https://raw.example.org/install.sh | sh # buildkit`,
      () =>
        `RUN /bin/sh -c echo "//registry.npmjs.org/:_authToken=npm_${checked(random)}" > ~/.npmrc && npm ci # buildkit`,
      () => `RUN /bin/sh -c wget --user=ci --password=${p()} https://files.example.org/app.tgz # buildkit`,
      () => `/bin/sh -c useradd -m -p '$6$${random.of("n", 8)}$${random.of("n", 86)}' deploy`,
      () => `RUN /bin/sh -c printf 'machine github.com login ci password ${random.hex(40)}\\n' > ~/.netrc # buildkit`,
      () => `CMD ["redis-server" "--requirepass" "${p()}"]`,
      () => `/bin/sh -c #(nop)  CMD ["/bin/sh" "-c" "app --db-password ${p()}"]`,
      () => `RUN /bin/sh -c export AWS_SECRET_ACCESS_KEY=${random.of("b", 40)} && aws s3 cp s3://acme/a . # buildkit`,
      () => `/bin/sh -c #(nop)  LABEL deploy.token=${opaque(random)}`,
      () => `RUN /bin/sh -c mysql -uroot -p${p()} -e "create database app" # buildkit`,
      () => `RUN /bin/sh -c htpasswd -bc /etc/nginx/.htpasswd admin ${p()} # buildkit`,
      () => `RUN /bin/sh -c composer config --global github-oauth.github.com ghp_${checked(random)} # buildkit`,
      () => `RUN /bin/sh -c sed -i "s/^password=.*/password=${p()}/" /etc/app.conf # buildkit`,
      () => `HEALTHCHECK &{["CMD-SHELL" "mysqladmin ping -uroot -p${p()}"] "10s" "5s" "0s" "0s" '\\x03'}`,
    ]);
    return () => line(next()());
  },
};

const buildArg: Kind = {
  kind: "build-arg",
  weight: 30,
  make: (random) => (): Drawn => {
    const [name, value] = random.pick<() => readonly [string, string]>([
      () => [
        random.pick([
          "NPM_TOKEN",
          "GITHUB_TOKEN",
          "PIP_TOKEN",
          "GITLAB_TOKEN",
          "CI_JOB_TOKEN",
          "NODE_AUTH_TOKEN",
          "BUNDLE_GITHUB__COM",
        ]),
        opaque(random),
      ],
      () => [random.pick(["GH_PAT", "TOKEN", "ACCESS", "REPO_READ"]), speakingToken(random)],
      () => [named(random, random.pick(["PASSWORD", "ADMIN_PASSWORD", "DB_PASS"])), plainPassword(random)],
      () => [
        random.pick(["PIP_EXTRA_INDEX_URL", "GOPROXY", "MAVEN_REPO", "APT_MIRROR", "NPM_REGISTRY"]),
        `https://${user(random)}:${plainPassword(random)}@${host(random)}/repo`,
      ],
      () => [
        random.pick(["NUGET_FEED_PASSWORD", "ARTIFACTORY_PASSWORD", "COMPOSER_AUTH_PASSWORD"]),
        humanPassword(random),
      ],
      () => [
        "COMPOSER_AUTH",
        JSON.stringify({ "http-basic": { "repo.example.org": { username: "ci", password: plainPassword(random) } } }),
      ],
    ])();
    return { where: "build-arg", name, value };
  },
};

const health: Kind = {
  kind: "healthcheck",
  weight: 24,
  make: (random) => {
    const p = (): string => plainPassword(random);
    const next = random.deck<() => string>([
      () => `mysqladmin ping -h localhost -uroot -p${p()}`,
      () => `redis-cli -a ${p()} ping | grep PONG`,
      () => `curl -fs -u elastic:${p()} http://localhost:9200/_cluster/health || exit 1`,
      () => `wget -qO- --header='X-Api-Key: ${opaque(random)}' http://localhost/health`,
      () => `mongosh -u root -p ${p()} --eval 'db.adminCommand("ping")' --quiet`,
      () => `PGPASSWORD=${p()} pg_isready -U app`,
      () => `/opt/mssql-tools/bin/sqlcmd -S localhost -U sa -P '${p()}' -Q 'SELECT 1' || exit 1`,
      () => `curl -H 'Authorization: Bearer ${jwt(random)}' -f http://localhost:8080/health`,
      () => `healthcheck.sh --su-mysql --connect --password=${p()}`,
      () => `curl -f http://admin:${p()}@localhost:15672/api/overview`,
      () => `cypher-shell -u neo4j -p ${p()} 'RETURN 1'`,
    ]);
    return (): Drawn => {
      const text = next()();
      const value = random.pick([
        () => `CMD-SHELL ${text}`,
        () => JSON.stringify(["CMD-SHELL", text]),
        () => JSON.stringify(["CMD", "sh", "-c", text]),
      ])();
      return { where: "healthcheck", name: random.pick(["Healthcheck", "Healthcheck.Test"]), value };
    };
  },
};

export const PLACES: readonly Kind[] = [header, java, label, history, buildArg, health];
