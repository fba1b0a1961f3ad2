import { env, type Kind } from "../tools/row.ts";
import { PRODUCTS, SERVICES, styled } from "../tools/words.ts";

/** Settings about secrets, each with what a documented application takes there. */
const ABOUT = `PASSWORD_MIN_LENGTH=12|PASSWORD_MAX_LENGTH=128|PASSWORD_MAX_AGE=90d|PASSWORD_POLICY=strong|PASSWORD_HISTORY=5|PASSWORD_RESET_TIMEOUT=3600
PASSWORD_RESET_URL=https://app.example.org/reset|PASSWORD_FIELD=user_password|PASSWORD_COLUMN=pw_hash|PASSWORD_HASHER=argon2id|PASSWORD_HASH_ALGORITHM=bcrypt
PASSWORD_HASH_ROUNDS=12|PASSWORD_LOGIN_ENABLED=true|PASSWORD_AUTHENTICATION=no|PASSWORD_REQUIRED=true|PASSWORD_ENCODING=utf-8|PASSWORD_EXPIRES=never
ALLOW_EMPTY_PASSWORD=yes|RANDOM_ROOT_PASSWORD=yes|DISABLE_PASSWORD_AUTH=true|SHOW_PASSWORD=false|FORGOT_PASSWORD_ENABLED=1|CHANGE_PASSWORD_ON_LOGIN=true
TOKEN_EXPIRY=3600|TOKEN_TTL=15m|TOKEN_LIFETIME=86400|TOKEN_TYPE=Bearer|TOKEN_ENDPOINT=https://sso.example.org/oauth2/token|TOKEN_URL=https://login.example.org/token
TOKEN_ISSUER=https://sso.example.org|TOKEN_AUDIENCE=api://orders|TOKEN_HEADER=X-Auth-Token|TOKEN_PREFIX=Bearer|TOKEN_LENGTH=32|TOKEN_REFRESH_INTERVAL=300
TOKEN_ALGORITHM=RS256|TOKEN_LEEWAY=30s|TOKEN_STORAGE=redis|TOKEN_CACHE_SIZE=1000|TOKEN_LIMIT=4096|MAX_TOKENS=2048|TOKENS_PER_MINUTE=90000|NUM_TOKENS=512|TOKEN_BUCKET_SIZE=100
SECRET_NAME=orders-db|SECRET_NAMESPACE=production|SECRET_STORE=vault|SECRET_ENGINE=kv-v2|SECRET_BACKEND=aws-ssm|SECRET_ROTATION_DAYS=30|SECRET_MANAGER_ENABLED=true
SECRET_PROVIDER=azure|SECRETS_DIR=/run/secrets|SECRETS_REFRESH=60s|SECRET_VERSION=3|SECRET_TYPE=Opaque|SECRET_SCANNING=enabled|SECRET_LENGTH=64|SECRETS_PATH=/mnt/secrets
KEY_ID=primary-2024|KEY_SIZE=4096|KEY_LENGTH=256|KEY_TYPE=ed25519|KEY_ALGORITHM=RSA|KEY_PREFIX=app:|KEY_ROTATION=90d|KEY_FORMAT=pem|KEY_ALIAS=release|KEY_USAGE=sign
KEY_VAULT_NAME=acme-prod|KEY_VAULT_URL=https://acme.vault.azure.net/|KEYRING_BACKEND=file|KEYSTORE_TYPE=PKCS12|KEYSTORE_PATH=/etc/app/keystore.p12|TRUSTSTORE_TYPE=JKS
API_KEY_HEADER=X-API-Key|API_KEY_NAME=ci-readonly|API_KEY_ENABLED=true|API_KEY_LOCATION=header|API_KEY_TTL=24h|API_KEY_LENGTH=40|API_KEYS_TABLE=api_keys|API_TOKEN_LIFETIME=1h
AUTH_TYPE=oauth2|AUTH_METHOD=kubernetes|AUTH_ENABLED=true|AUTH_PROVIDER=keycloak|AUTH_BACKEND=ldap|AUTH_URL=https://auth.example.org|AUTH_MODE=basic|AUTH_REALM=master
AUTH_TIMEOUT=10s|AUTH_HEADER_NAME=X-Forwarded-User|AUTH_REQUIRED=false|AUTH_SOURCE=admin|AUTH_SCOPES=openid profile|AUTH_CALLBACK_URL=https://app.example.org/callback
COOKIE_NAME=sid|COOKIE_SECURE=true|COOKIE_DOMAIN=.example.org|COOKIE_MAX_AGE=86400|COOKIE_SAMESITE=lax|COOKIE_HTTPONLY=true|COOKIE_PATH=/|SESSION_COOKIE_NAME=app_session
SESSION_TIMEOUT=1800|SESSION_STORE=redis|SESSION_DRIVER=file|SESSION_LIFETIME=120|SESSION_BACKEND=database|SESSION_COOKIE_AGE=1209600|SESSION_SAVE_HANDLER=redis
JWT_ALGORITHM=HS256|JWT_EXPIRES_IN=7d|JWT_ISSUER=https://id.example.org|JWT_AUDIENCE=web|JWT_ACCESS_TOKEN_EXPIRES=900|JWT_TOKEN_LOCATION=headers|JWT_JWKS_URI=https://id.example.org/jwks.json
JWT_HEADER_TYPE=Bearer|JWT_PUBLIC_KEY_PATH=/keys/jwt.pub|JWT_COOKIE_SECURE=true|JWT_CLAIM_NAMESPACE=https://example.org/claims
ENCRYPTION_ALGORITHM=aes-256-gcm|ENCRYPTION_ENABLED=true|ENCRYPTION_KEY_ID=alias/app|ENCRYPTION_MODE=CBC|ENCRYPTION_PROVIDER=awskms|CIPHER=AES-256-CBC|SIGNING_ALGORITHM=ES256
CREDENTIAL_HELPER=ecr-login|CREDENTIALS_PROVIDER=instance-profile|CREDENTIAL_TYPE=x509|CREDENTIALS_CACHE_TTL=300|CREDENTIALS_REQUIRED=false|CREDENTIALS_SOURCE=Ec2InstanceMetadata
PASSPHRASE_REQUIRED=false|PASSWORD_PROMPT=never|PASSWORDLESS_LOGIN=enabled|PASSWORD_STRENGTH=3|PASSWORD_REGEX=^[A-Za-z0-9]{8,}$|PASSWORD_CHARSET=alnum|PIN_LENGTH=6|PIN_RETRIES=3
OAUTH_SCOPES=read:user|OAUTH_REDIRECT_URI=https://app.example.org/cb|OAUTH_PROVIDER=github|OAUTH_TOKEN_URL=https://github.com/login/oauth/access_token|OAUTH_GRANT_TYPE=client_credentials
CLIENT_SECRET_EXPIRY=2027-01-01|CLIENT_AUTH_METHOD=client_secret_basic|TOKEN_ENDPOINT_AUTH_METHOD=private_key_jwt|CSRF_HEADER=X-CSRF-Token|CSRF_ENABLED=true|CSRF_COOKIE_NAME=csrftoken
HASH_ALGORITHM=sha256|BCRYPT_ROUNDS=10|SALT_ROUNDS=12|SALT_LENGTH=16|ARGON2_MEMORY_COST=65536|PBKDF2_ITERATIONS=600000|SSL_MODE=verify-full|SSH_AUTH_SOCK=/run/ssh-agent.sock
ACCESS_TOKEN_EXPIRE_MINUTES=30|REFRESH_TOKEN_EXPIRE_DAYS=14|REFRESH_TOKEN_ROTATION=true|ACCESS_KEY_ROTATION_DAYS=90|PRIVATE_KEY_PATH=/etc/ssl/private/app.key|PUBLIC_KEY_FORMAT=PEM
VAULT_ADDR=https://vault.example.org:8200|VAULT_AUTH_METHOD=approle|VAULT_MOUNT=secret|VAULT_ROLE=orders|VAULT_SKIP_VERIFY=false|VAULT_NAMESPACE=team/a|VAULT_TOKEN_TTL=1h
SMTP_AUTH=LOGIN|SMTP_AUTHENTICATION=plain|LDAP_AUTH_TYPE=simple|KAFKA_SASL_MECHANISM=SCRAM-SHA-512|SASL_ENABLED=true|MFA_REQUIRED=true|OTP_ISSUER=Acme|OTP_DIGITS=6|TOTP_WINDOW=1`;

/** Cut by line and bar; the value is all behind the first "=". */
export function pairs(text: string): (readonly [string, string])[] {
  return text.split(/[|\n]/).map((entry) => {
    const at = entry.indexOf("=");
    return [entry.slice(0, at), entry.slice(at + 1)] as const;
  });
}

const about: Kind = {
  kind: "clean-setting-about",
  weight: 130,
  make: (random) => {
    const next = random.deck(pairs(ABOUT));
    return () => {
      const [name, value] = next();
      const before = random.chance(0.55) ? [random.pick(random.chance(0.5) ? PRODUCTS : SERVICES)] : [];
      return env(
        random,
        random.chance(0.4) ? name : styled(random, [...before, ...name.toLowerCase().split("_")]),
        value,
      );
    };
  },
};

/** Names in which a secret word stands only by chance, with their real values. */
const ALIKE = `TOKENIZERS_PARALLELISM=false|KEYBOARD_LAYOUT=de|KEYBOARD=us|XKB_DEFAULT_LAYOUT=us|MONKEY_PATCH=gevent|GEVENT_MONKEY_PATCH=all|PASSENGER_MAX_POOL_SIZE=6|PASSENGER_APP_ENV=production
AUTHOR=Ada Lovelace <ada@example.org>|AUTHORS=Jane Doe, John Roe|SECRETARY=Maria Muster|COMPASS_VERSION=1.44.0|COMPASS_MODE=readonly|PASSIVE_MODE=true|PASSIVE_PORTS=30000-30009|BYPASS_CACHE=1
PASSTHROUGH=true|PASS_THROUGH_HEADERS=X-Request-Id|NVIDIA_DRIVER_CAPABILITIES=compute,utility|KEYCLOAK_URL=https://sso.example.org|KEYCLOAK_REALM=acme|KEYCLOAK_CLIENT_ID=web|KEYCLOAK_HOSTNAME=sso.example.org
TOKENIZER=cl100k_base|TOKENIZER_PATH=/models/tokenizer.json|HF_TOKENIZER=bert-base-uncased|TOKENIZATION_MODE=whitespace|PRIMARY_KEY=id|PARTITION_KEY=tenant_id|SORT_KEY=created_at|FOREIGN_KEY_CHECKS=0
ROUTING_KEY=orders.created|CACHE_KEY_PREFIX=app_|REDIS_KEY_PREFIX=sess:|KEYSPACE=orders|CASSANDRA_KEYSPACE=events|KEYWORDS=docker,secrets,scan|KEYFRAME_INTERVAL=2|HOTKEY=ctrl+shift+p
MONKEY=banana|TURNKEY=yes|DONKEY_CAR=4.5|SMOKEY_MODE=off|HOCKEY_LEAGUE=nhl|JOCKEY_ID=17|KEY_BINDINGS=vim|PASSAGE=north|COMPASSION=1|ENCOMPASS_URL=https://encompass.example.org
SALTSTACK_VERSION=3007.1|SALT_MASTER=salt.example.org|SALTATION=0|COOKIECUTTER_TEMPLATE=gh:acme/base|COOKIE_CONSENT=true|COOKIES_POLICY_URL=https://example.org/cookies|AUTHORITY=https://login.example.org
AUTHORIZED_USERS=ada,bob|AUTHORIZATION_MODE=RBAC|AUTHENTICATION_BACKENDS=django.contrib.auth.backends.ModelBackend|AUTHELIA_DOMAIN=auth.example.org|AUTHENTIK_HOST=https://auth.example.org|AUTHZ_URL=http://opa:8181/v1
PINGDOM_CHECK=1234567|PIN_MEMORY=true|PIN_CPUS=0-3|PINNED_VERSION=2.1.0|PINOT_BROKER=pinot:8099|SPIN_RATE=10|PINECONE_ENVIRONMENT=us-east1-gcp|SHIPPING_ZONE=eu
CREDIT_LIMIT=5000|CREDITS_URL=https://example.org/credits|ACCREDITATION=none|SECRET_SANTA_ENABLED=true|SECRETLESS_VERSION=1.7.0|DBT_PROFILES_DIR=/dbt|PWD=/usr/src/app|OLDPWD=/root
CERTBOT_EMAIL=ops@example.org|CERT_MANAGER_VERSION=v1.14.4|SIGNATURE_VERSION=s3v4|SIGNING_REGION=eu-west-1|PRIVATE_NETWORK=10.0.0.0/8|PRIVATE_SUBNETS=subnet-0a1b,subnet-2c3d|PUBLIC_URL=https://example.org
HASHICORP_PRODUCT=vault|HASH_SEED=0|PYTHONHASHSEED=random|HASHRATE=120|SSH_CLIENT=10.0.0.5 53422 22|SSH_CONNECTION=10.0.0.5 53422 10.0.0.9 22|SSH_USER=deploy|SSH_PORT=2222
ACCESS_LOG=/dev/stdout|ACCESS_LOG_FORMAT=combined|ACCESS_CONTROL_ALLOW_ORIGIN=*|ACCESSIBILITY=on|PASSWD_UTILITY=/usr/bin/passwd|GIT_ASKPASS=/bin/echo|SSH_ASKPASS=/usr/lib/ssh/askpass|SUDO_ASKPASS=/usr/bin/true
BEARER_FORMAT=JWT|NEO4J_AUTH=none|KEYMAP=de-latin1|TOKEN_RING=enabled|WEBHOOK_PATH=/hooks/github|WEBHOOK_PORT=9000|SEED_DATA=true|RANDOM_SEED=42|SEEDS=cassandra-0,cassandra-1|FINGERPRINT_ENABLED=1`;

const alike: Kind = {
  kind: "clean-lookalike-name",
  weight: 85,
  make: (random) => {
    const next = random.deck(pairs(ALIKE));
    return () => {
      const [name, value] = next();
      return env(random, random.chance(0.8) ? name : name.toLowerCase(), value);
    };
  },
};

export const SETTINGS: readonly Kind[] = [about, alike];
