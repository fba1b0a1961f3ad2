import { readFileSync } from "node:fs";
import { env, type Drawn, type Kind, type Where } from "../tools/row.ts";
import { pairs } from "./settings.ts";

/** Real settings of real images and frameworks with the values that they take. */
const REAL = `NODE_ENV=production|NODE_OPTIONS=--max-old-space-size=4096|NPM_CONFIG_LOGLEVEL=warn|YARN_VERSION=1.22.22|PORT=3000|HOST=0.0.0.0|TZ=Europe/Berlin|LANG=en_US.UTF-8|LC_ALL=C.UTF-8|TERM=xterm-256color
PYTHONUNBUFFERED=1|PYTHONDONTWRITEBYTECODE=1|PYTHONPATH=/app/src|PIP_NO_CACHE_DIR=off|PIP_DEFAULT_TIMEOUT=100|DJANGO_SETTINGS_MODULE=config.settings.production|DJANGO_ALLOWED_HOSTS=app.example.org,localhost|DJANGO_DEBUG=False|FLASK_APP=app.py|FLASK_ENV=production
GUNICORN_CMD_ARGS=--workers 4 --bind 0.0.0.0:8000 --access-logfile -|WEB_CONCURRENCY=4|UVICORN_LOG_LEVEL=info|CELERY_TASK_SERIALIZER=json|CELERY_WORKER_CONCURRENCY=8|RAILS_ENV=production|RACK_ENV=production|RAILS_LOG_TO_STDOUT=true|RAILS_SERVE_STATIC_FILES=enabled|BUNDLE_WITHOUT=development:test
BUNDLE_PATH=/usr/local/bundle|GEM_HOME=/usr/local/bundle|MALLOC_ARENA_MAX=2|RUBY_YJIT_ENABLE=1|JAVA_HOME=/opt/java/openjdk|JAVA_OPTS=-Xms512m -Xmx2g -XX:+UseG1GC|CATALINA_HOME=/usr/local/tomcat|SPRING_PROFILES_ACTIVE=prod,metrics|SERVER_PORT=8080|MANAGEMENT_ENDPOINTS_WEB_EXPOSURE_INCLUDE=health,info,prometheus
SPRING_JPA_HIBERNATE_DDL_AUTO=validate|SPRING_REDIS_HOST=redis|LOGGING_LEVEL_ROOT=INFO|GOPATH=/go|GOMAXPROCS=4|GOGC=200|GODEBUG=madvdontneed=1|CGO_ENABLED=0|GOFLAGS=-mod=vendor|RUST_LOG=info,hyper=warn
RUST_BACKTRACE=1|CARGO_HOME=/usr/local/cargo|DOTNET_RUNNING_IN_CONTAINER=true|ASPNETCORE_URLS=http://+:8080|ASPNETCORE_ENVIRONMENT=Production|DOTNET_SYSTEM_GLOBALIZATION_INVARIANT=1|Logging__LogLevel__Default=Information|PHP_INI_DIR=/usr/local/etc/php|PHP_MEMORY_LIMIT=512M|PHP_CFLAGS=-fstack-protector-strong -fpic -fpie -O2 -D_LARGEFILE_SOURCE
APACHE_DOCUMENT_ROOT=/var/www/html/public|APACHE_RUN_USER=www-data|COMPOSER_ALLOW_SUPERUSER=1|APP_ENV=production|APP_DEBUG=false|APP_URL=https://app.example.org|CACHE_DRIVER=redis|QUEUE_CONNECTION=redis|BROADCAST_DRIVER=log|FILESYSTEM_DISK=s3
POSTGRES_USER=app|POSTGRES_DB=orders|POSTGRES_INITDB_ARGS=--data-checksums --auth-host=scram-sha-256|POSTGRES_HOST_AUTH_METHOD=trust|PGDATA=/var/lib/postgresql/data/pgdata|PGUSER=app|PGHOST=db|PGSSLMODE=require|MYSQL_DATABASE=shop|MYSQL_USER=shop
MYSQL_CHARSET=utf8mb4|MARIADB_AUTO_UPGRADE=1|MONGO_INITDB_DATABASE=app|MONGO_INITDB_ROOT_USERNAME=root|REDIS_HOST=cache|REDIS_PORT=6379|REDIS_DB=2|RABBITMQ_DEFAULT_USER=app|RABBITMQ_DEFAULT_VHOST=/prod|RABBITMQ_NODENAME=rabbit@node1
KAFKA_ADVERTISED_LISTENERS=PLAINTEXT://kafka:9092,EXTERNAL://localhost:9094|KAFKA_LISTENER_SECURITY_PROTOCOL_MAP=PLAINTEXT:PLAINTEXT,SASL:SASL_SSL|KAFKA_ZOOKEEPER_CONNECT=zookeeper:2181|KAFKA_BROKER_ID=1|KAFKA_HEAP_OPTS=-Xmx1G -Xms1G|KAFKA_CFG_NODE_ID=0|ZOO_MY_ID=1|ES_JAVA_OPTS=-Xms1g -Xmx1g|discovery.type=single-node|xpack.security.enabled=true
cluster.name=docker-cluster|bootstrap.memory_lock=true|ELASTICSEARCH_HOSTS=http://elasticsearch:9200|SERVER_NAME=kibana.example.org|XPACK_REPORTING_ENABLED=false|INFLUXDB_DB=metrics|DOCKER_INFLUXDB_INIT_ORG=acme|DOCKER_INFLUXDB_INIT_BUCKET=telegraf|GF_SERVER_ROOT_URL=https://grafana.example.org|GF_USERS_ALLOW_SIGN_UP=false
GF_AUTH_ANONYMOUS_ENABLED=true|GF_INSTALL_PLUGINS=grafana-piechart-panel,grafana-clock-panel|GF_SECURITY_ADMIN_USER=admin|GF_LOG_MODE=console|PROMETHEUS_RETENTION=15d|KC_DB=postgres|KC_HOSTNAME=sso.example.org|KC_PROXY=edge|KC_BOOTSTRAP_ADMIN_USERNAME=admin|KC_HEALTH_ENABLED=true
NEXTCLOUD_TRUSTED_DOMAINS=cloud.example.org|NEXTCLOUD_ADMIN_USER=admin|WORDPRESS_DB_HOST=db:3306|WORDPRESS_DB_USER=wp|WORDPRESS_TABLE_PREFIX=wp_|WORDPRESS_DEBUG=0|GITEA__server__ROOT_URL=https://git.example.org/|GITEA__database__DB_TYPE=postgres|USER_UID=1000|USER_GID=1000
PUID=1000|PGID=1000|UMASK=022|MINIO_ROOT_USER=minio|MINIO_BROWSER=on|MINIO_DOMAIN=s3.example.org|TRAEFIK_LOG_LEVEL=DEBUG|TRAEFIK_PROVIDERS_DOCKER_EXPOSEDBYDEFAULT=false|NGINX_ENTRYPOINT_QUIET_LOGS=1|NGINX_ENVSUBST_TEMPLATE_DIR=/etc/nginx/templates
NGINX_HOST=www.example.org|CADDY_ADMIN=off|CLICKHOUSE_USER=default|CLICKHOUSE_DB=events|NEO4J_dbms_memory_heap_max__size=2G|NEO4J_ACCEPT_LICENSE_AGREEMENT=yes|ACCEPT_EULA=Y|MSSQL_PID=Developer|ORACLE_SID=ORCLCDB|ORACLE_CHARACTERSET=AL32UTF8
AWS_REGION=eu-central-1|AWS_DEFAULT_REGION=us-east-1|AWS_DEFAULT_OUTPUT=json|AWS_SDK_LOAD_CONFIG=1|AWS_EC2_METADATA_DISABLED=true|S3_BUCKET=acme-uploads-prod|GOOGLE_CLOUD_PROJECT=acme-prod-123456|GOOGLE_APPLICATION_CREDENTIALS=/var/secrets/google/key.json|AZURE_REGION=westeurope|AZURE_STORAGE_ACCOUNT=acmedata
KUBERNETES_SERVICE_HOST=10.96.0.1|KUBERNETES_PORT=tcp://10.96.0.1:443|POD_NAME=orders-7d9f8c6b5d-x2x7k|POD_NAMESPACE=production|NODE_NAME=ip-10-0-12-34.eu-west-1.compute.internal|HOSTNAME=4f1c2d3e4a5b|OTEL_SERVICE_NAME=orders|OTEL_EXPORTER_OTLP_ENDPOINT=http://otel-collector:4317|OTEL_TRACES_SAMPLER=parentbased_traceidratio|OTEL_RESOURCE_ATTRIBUTES=service.version=1.4.2,deployment.environment=prod
DD_AGENT_HOST=datadog-agent|DD_SERVICE=orders|DD_ENV=prod|DD_TRACE_SAMPLE_RATE=0.25|DD_SITE=datadoghq.eu|NEW_RELIC_APP_NAME=Orders (Production)|NEW_RELIC_LOG=stdout|SENTRY_ENVIRONMENT=production|SENTRY_RELEASE=orders@1.4.2|SENTRY_TRACES_SAMPLE_RATE=0.1
STATSD_HOST=statsd|JAEGER_AGENT_HOST=jaeger|LOG_LEVEL=debug|LOG_FORMAT=json|LOG_FILE=/var/log/app/app.log|CORS_ORIGINS=https://a.example.org,https://b.example.org|MAX_UPLOAD_SIZE=50MB|RATE_LIMIT=100/minute|CACHE_TTL=300|WORKERS=4
THREADS=16|TIMEOUT=30s|RETRY_BACKOFF=1.5|FEATURE_NEW_CHECKOUT=true|FEATURE_FLAGS=checkout_v2,dark_mode,beta-search|DEFAULT_LOCALE=de_DE|DEFAULT_CURRENCY=EUR|SMTP_HOST=smtp.example.org|SMTP_PORT=587|SMTP_USER=robot@example.org
SMTP_FROM=Acme <no-reply@example.org>|SMTP_TLS=starttls|LDAP_HOST=ldap.example.org|LDAP_BASE_DN=dc=example,dc=org|LDAP_BIND_DN=cn=reader,ou=services,dc=example,dc=org|LDAP_USER_FILTER=(&(objectClass=person)(uid=%s))|OIDC_ISSUER=https://sso.example.org/realms/acme|OIDC_CLIENT_ID=orders-web|OIDC_SCOPES=openid email profile|SAML_ENTITY_ID=https://app.example.org/saml/metadata
CUDA_VERSION=12.4.1|NVIDIA_VISIBLE_DEVICES=all|NCCL_DEBUG=WARN|NV_CUDNN_PACKAGE=libcudnn9-cuda-12=9.1.0.70-1|LD_LIBRARY_PATH=/usr/local/nvidia/lib:/usr/local/nvidia/lib64|OMP_NUM_THREADS=8|TRANSFORMERS_CACHE=/cache/hf|HF_HOME=/cache/hf|OLLAMA_HOST=0.0.0.0:11434|VLLM_ATTENTION_BACKEND=FLASHINFER
DEBIAN_FRONTEND=noninteractive|S6_OVERLAY_VERSION=3.1.6.2|S6_BEHAVIOUR_IF_STAGE2_FAILS=2|SHELL=/bin/bash|EDITOR=vim|PS1=\\u@\\h:\\w\\$ |XDG_CONFIG_HOME=/config|SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt|REQUESTS_CA_BUNDLE=/etc/ssl/ca.pem|CURL_CA_BUNDLE=/etc/ssl/ca.pem
N8N_HOST=n8n.example.org|N8N_PROTOCOL=https|WEBHOOK_URL=https://n8n.example.org/|GENERIC_TIMEZONE=America/New_York|DB_TYPE=postgresdb|DB_POSTGRESDB_HOST=db|EXECUTIONS_MODE=queue|AIRFLOW__CORE__EXECUTOR=CeleryExecutor|AIRFLOW__CORE__LOAD_EXAMPLES=False|AIRFLOW_UID=50000
SUPERSET_ENV=production|MB_DB_TYPE=postgres|MB_DB_HOST=db|MB_JAVA_TIMEZONE=UTC|DOMAIN=https://vault.example.org|SIGNUPS_ALLOWED=false|WEBSOCKET_ENABLED=true|ROCKET_PORT=80|PAPERLESS_OCR_LANGUAGE=deu+eng|IMMICH_MACHINE_LEARNING_URL=http://ml:3003`;

export const ORDINARY_PAIRS: readonly (readonly [string, string])[] = pairs(REAL);

const ordinary: Kind = {
  kind: "clean-ordinary",
  weight: 150,
  make: (random) => {
    const next = random.deck(ORDINARY_PAIRS);
    return () => env(random, ...next());
  },
};

type Line = { readonly image: string; readonly where: Where; readonly name: string; readonly value: string };

/** What official images say of themselves. */
export const OFFICIAL_LINES: readonly Line[] = readFileSync(
  new URL("../../fixtures/official-image-env.jsonl", import.meta.url),
  "utf8",
)
  .trim()
  .split("\n")
  .map((line) => JSON.parse(line) as Line);

const official: Kind = {
  kind: "clean-official",
  weight: 95,
  make: (random) => {
    const next = random.deck(OFFICIAL_LINES);
    return (): Drawn => {
      const { where, name, value } = next();
      return { where, name, value };
    };
  },
};

export const ORDINARY: readonly Kind[] = [ordinary, official];
