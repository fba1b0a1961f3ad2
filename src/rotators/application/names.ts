/** A kind of value by its name. */
export type ApplicationKind = {
  readonly name: RegExp;
  /** What its value looks like, if that counts too. */
  readonly value?: RegExp;
  readonly is: string;
  /** The variable with earlier values: always, or only where the application has one of this name. */
  readonly previous?: { readonly variable: RegExp; readonly always?: string };
  /** Why it is left to people: in any case, or next to such a variable. */
  readonly not?: string;
  readonly notNextTo?: RegExp;
};

/** The first match wins. A prefix that may be a vendor's is no match: its keys are checked there. */
export const KINDS: readonly ApplicationKind[] = [
  {
    name: /^RAILS_MASTER_KEY$/i,
    is: "Rails master key",
    not: "decrypts files: `rails credentials:edit` makes a new one",
  },
  {
    name: /(?:^|_)(?:ENCRYPT(?:ION)?|CIPHER|FERNET|MASTER|AES)_(?:KEYS?|SECRET|SECRET_KEY)$/i,
    is: "encryption key",
    not: "encrypts data, which a new value could not read",
  },
  {
    // https://laravel.com/docs/encryption#gracefully-rotating-encryption-keys
    ...{ name: /^APP_KEY$/i, value: /^base64:/, is: "Laravel APP_KEY" },
    previous: { variable: /^APP_PREVIOUS_KEYS$/i, always: "APP_PREVIOUS_KEYS" },
  },
  { name: /^APP_KEY$/i, is: "application key" },
  { name: /(?:^|_)SECRET_KEY_BASE$/i, is: "Rails secret_key_base" },
  {
    // https://docs.djangoproject.com/en/stable/ref/settings/#secret-key-fallbacks: a setting, which may come from a variable.
    ...{ name: /^(?:(?:DJANGO|FLASK|APP|NETBOX|PAPERLESS)_)?SECRET_KEY$/i, is: "Django or Flask SECRET_KEY" },
    previous: { variable: /^(?:\w+_)?SECRET_KEY_FALLBACKS$/i },
  },
  { name: /(?:^|_)(?:JWT|OIDC|SIGNING)_(?:RSA_|EC_|SIGNING_|ACCESS_|REFRESH_)?PRIVATE_KEY$/i, is: "signing key" },
  {
    ...{ name: /(?:^|_)JWT_(?:ACCESS_|AUTH_|REFRESH_|SIGNING_|TOKEN_)?(?:SECRET|KEY|SECRET_KEY)$/i, is: "JWT secret" },
    ...{ not: "signs keys that others hold, which have to be made again with it" },
    notNextTo: /(?:^|_)(?:ANON|SERVICE_ROLE|SERVICE)_KEY$/i,
  },
  { name: /(?:^|_)(?:SESSION|COOKIE|CSRF|XSRF)_(?:SECRET|KEY|SECRET_KEY)$/i, is: "session secret" },
  { name: /^(?:NEXT|BETTER_)?AUTH_SECRET$/i, is: "session secret" },
  { name: /^(?:(?:APP|COOKIE|SESSION|TOKEN|URL)_)?SIGNING_(?:SECRET|KEY)$/i, is: "signing secret" },
  { name: /^(?:WORDPRESS_|WP_)?(?:SECURE_AUTH|AUTH|LOGGED_IN|NONCE)_(?:KEY|SALT)$/i, is: "WordPress key or salt" },
];
