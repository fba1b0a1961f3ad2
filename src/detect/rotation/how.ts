/** What to do with a kind that is not simply issued again. `page` is false if the rule's reference does not say how. */
export type RotationGuide = { readonly text: string; readonly page: boolean };

/** A sentence, the rules that it is for, and whether what they refer to says how. */
type GuideEntry = readonly [text: string, page: boolean, ...rules: string[]];

const ENTRIES: readonly GuideEntry[] = [
  // Passwords
  [
    "Change it at the server (ALTER ROLE … PASSWORD in PostgreSQL, ALTER USER in MySQL, ACL SETUSER in Redis) and in everything that uses it; Vault's database secrets engine makes short-lived ones instead.",
    false,
    "url-password",
  ],
  [
    "Change it where it is checked (ALTER ROLE … PASSWORD in PostgreSQL, ALTER USER in MySQL, ACL SETUSER in Redis) and in everything that uses it; Vault's database secrets engine makes short-lived ones instead.",
    false,
    ...["password", "user-password", "mailcow-password", "redis-server-list"],
  ],
  [
    "Change the password behind it: a hash that others can read is guessed without asking anybody.",
    false,
    ...["password-hash", "database-password-hash", "password-digest"],
  ],
  [
    "Change the password of that login, or revoke its token at the registry, then log in anew.",
    false,
    ...["docker-auth", "npmrc-login"],
  ],
  // Keys
  [
    "Make a new key pair, have its public key or certificate trusted wherever the old one is, then take the old one out and revoke its certificate.",
    false,
    ...["private-key", "private-key-base64", "putty-private-key", "private-jwk"],
  ],
  ["Make a new key pair in a new keystore under a new password, and revoke the old certificate.", false, "keystore"],
  [
    "Make a new key, put it on every peer, then take the old one out.",
    false,
    ...["openvpn-static-key", "wireguard-key"],
  ],
  [
    "Make a new identity, encrypt everything anew to it, and rotate each secret that the old one could decrypt.",
    false,
    "age-secret-key",
  ],
  [
    "Set a new one where it is checked or issued; a signing key keeps the old one for checking alone, until what it signed has run out.",
    false,
    "secret",
  ],
  [
    "Make a new key; what the old one encrypted is encrypted anew before the old one goes, what it signed is void.",
    false,
    "key",
  ],
  ["Make a new key pair; every browser has to subscribe anew with the public one.", false, "vapid-private-key"],
  ["Enrol the second factor anew: the new seed voids this one.", false, "otp-seed"],
  ["Let Synapse make a new key, and list this one's public half under old_signing_keys.", true, "synapse-signing-key"],
  ["Provision the devices anew under a new key: it cannot be changed over the air.", false, "radio-network-key"],
  // Keys of frameworks
  [
    "Make a new one (php artisan key:generate), with this one in APP_PREVIOUS_KEYS until everything is encrypted anew.",
    true,
    "laravel-app-key",
  ],
  [
    "Delete the token in the application (personal_access_tokens) and issue a new one to its holder.",
    true,
    "laravel-sanctum-token",
  ],
  [
    "Encrypt the credentials anew under a new key (rails credentials:edit), and rotate each of them: they could be read.",
    true,
    "rails-master-key",
  ],
  [
    "Set a new one: cookies that were signed with this one are void, unless a rotation names it.",
    true,
    "secret-key-base",
  ],
  [
    "Set a new one, with this one in SECRET_KEY_FALLBACKS until the sessions and links that it signed have run out.",
    true,
    "django-secret-key",
  ],
  ["Put a new key before this one, encrypt everything anew, then take this one out.", true, "fernet-key"],
  [
    "Put a new secret before this one in the list, so that what it signed still counts; take it out once that has run out.",
    true,
    "ory-secrets",
  ],
  [
    "Set a new pair at LiveKit's server and in everything that makes tokens with it, then take this one out.",
    true,
    "livekit-keys",
  ],
  // Two of a kind
  [
    "There are two keys: move everything to the other one, then regenerate this one.",
    true,
    ...["azure-storage-key", "azure-cosmos-key", "azure-batch-key", "azure-apim-key", "azure-service-key"],
    ...["azure-event-grid-key", "azure-iot-key", "azure-redis-key", "azure-search-key", "azure-registry-key"],
    ...["azure-account-key", "azure-key"],
  ],
  ["There are two keys: move everything to the other one, then regenerate this one.", false, "azure-annotated-key"],
  [
    "Add a second client secret to the app registration, move everything to it, then delete this one.",
    true,
    "azure-client-secret",
  ],
  [
    "Make a second access key, move everything to it, set this one inactive, then delete it; a role needs no key at all.",
    true,
    ...["aws-access-key-id", "aws-secret-access-key"],
  ],
  ["Make a secondary token, move everything to it, then promote it: that voids this one.", true, "twilio-auth-token"],
  [
    "Roll it at the service that signs with it, and check against both until this one has run out.",
    true,
    ...["stripe-webhook-secret", "paddle-webhook-secret", "adyen-hmac-key", "slack-signing-secret"],
    ...["upstash-signing-key", "inngest-key"],
  ],
  // What runs out
  [
    "It runs out by itself, mostly within hours; until then only what issued it can revoke it. Rotate the credential that it was made from.",
    true,
    ...["aws-session-token", "aws-bedrock-short-term-key", "aws-ecr-password", "google-oauth-token"],
    ...["gitlab-job-token", "github-app-token", "paypal-access-token"],
  ],
  ["It is good for one use, and soon for none; make a new one when one is needed.", true, "keeper-one-time-token"],
  ["It runs out within minutes; claim the server anew when it has to be claimed.", false, "plex-claim"],
  [
    "It is good until it expires: sign its holder out or revoke it at its issuer; where there is no revocation, replace the key that signs.",
    false,
    ...["jwt", "jwe"],
  ],
  ["Replace the key that signs the sessions: all of before are void then.", false, "signed-cookie"],
  [
    "Take the access away that it was signed with (its policy or its key); until then it is good up to its own expiry.",
    false,
    "url-signature",
  ],
  [
    "Sign out everywhere: that ends the session; then sign in anew.",
    false,
    ...["cookie-file", "site-session", "roblox-cookie", "telegram-session", "gitlab-session", "matrix-token"],
  ],
  ["Register another application and use its hash: this one cannot be changed.", false, "telegram-api-hash"],
  ["Ask @BotFather to revoke it: the new one voids this one at once.", true, "telegram-bot-token"],
  ["Have the vendor block it and issue another.", false, "licence-key"],
  // Addresses
  [
    "Delete the webhook and make a new one: its address is the credential.",
    true,
    ...["slack-webhook", "discord-webhook", "teams-webhook", "google-chat-webhook", "automation-webhook"],
    ...["deploy-hook", "heartbeat-url", "chat-server-webhook"],
  ],
  ["Issue the credentials in the address anew at the service that it notifies.", false, "notification-url"],
  ["Reset the secret address in the calendar's settings.", true, "private-calendar"],
  // Clusters and Vault
  [
    "Revoke it (vault token revoke), and let the application log in for a new one.",
    true,
    "vault-token",
    "vault-legacy-token",
  ],
  ["Make a new SecretID for the role, give it to the application, then destroy this one.", true, "vault-secret-id"],
  ["Make new shares (vault operator rekey): that voids all of these.", true, "vault-unseal-key"],
  [
    "Make a new one (docker swarm join-token --rotate worker|manager): nodes that have joined stay.",
    true,
    "swarm-token",
  ],
  [
    "Delete it (kubeadm token delete), and make a new one when the next node joins.",
    true,
    "kubernetes-bootstrap-token",
  ],
  ["Make a new one (k3s token rotate): nodes join with that from then on.", true, "k3s-token"],
  // Wallets
  [
    "Move what it holds to a new wallet at once: the key itself cannot be changed.",
    false,
    ...["extended-private-key", "sui-private-key", "cardano-signing-key", "tezos-secret-key", "aptos-private-key"],
    ...["wallet-private-key", "bip39-mnemonic", "bitcoin-wif-key", "mnemonic"],
  ],
  ["Add a new access key to the account, then delete this one.", true, "near-private-key"],
  ["Make a new identity and announce it: the key itself cannot be changed.", false, "nostr-secret-key"],
];

export const HOW: ReadonlyMap<string, RotationGuide> = new Map(
  ENTRIES.flatMap(([text, page, ...rules]) => rules.map((rule) => [rule, { text, page }] as const)),
);
