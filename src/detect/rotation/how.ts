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
    "Change the password behind it: anyone who can read the hash can guess it offline.",
    false,
    ...["password-hash", "kerberos-hash", "windows-hash", "database-password-hash", "password-digest"],
  ],
  [
    "Change the password of that login, or revoke its token at the registry, then log in again.",
    false,
    ...["docker-auth", "npmrc-login"],
  ],
  // Keys
  [
    "Create a new key pair, have its public key or certificate trusted wherever the old one is, then remove the old one and revoke its certificate.",
    false,
    ...["private-key", "private-key-base64", "private-key-der", "rsa-key-value", "putty-private-key", "private-jwk"],
  ],
  ["Create a new key pair in a new keystore under a new password, and revoke the old certificate.", false, "keystore"],
  [
    "Create a new key, put it on every peer, then remove the old one.",
    false,
    ...["openvpn-static-key", "wireguard-key"],
  ],
  [
    "Create a new identity, re-encrypt everything to it, and rotate each secret that the old one could decrypt.",
    false,
    "age-secret-key",
  ],
  [
    "Set a new one where it is checked or issued. If it signs, keep the old one for verification only until everything it signed has expired.",
    false,
    "secret",
  ],
  [
    "Create a new key. If the old one encrypts, re-encrypt its data before you delete it; if it signs, its signatures become invalid.",
    false,
    "key",
  ],
  ["Create a new key pair; every browser has to subscribe again with the new public key.", false, "vapid-private-key"],
  ["Enrol the second factor again: the new seed invalidates this one.", false, "otp-seed"],
  [
    "Have Synapse generate a new key, and list the public half of this one under old_signing_keys.",
    true,
    "synapse-signing-key",
  ],
  ["Provision the devices again with a new key: it cannot be changed over the air.", false, "radio-network-key"],
  // Keys of frameworks
  [
    "Make a new one (php artisan key:generate), with this one in APP_PREVIOUS_KEYS until everything is re-encrypted.",
    true,
    "laravel-app-key",
  ],
  [
    "Delete the token in the application (personal_access_tokens) and issue a new one to its holder.",
    true,
    "laravel-sanctum-token",
  ],
  [
    "Re-encrypt the credentials under a new key (rails credentials:edit), and rotate each of them: they were readable.",
    true,
    "rails-master-key",
  ],
  ["Set a new one: cookies signed with this one become invalid, unless a rotation lists it.", true, "secret-key-base"],
  [
    "Set a new one, with this one in SECRET_KEY_FALLBACKS until the sessions and links it signed have expired.",
    true,
    "django-secret-key",
  ],
  ["Put a new key before this one, re-encrypt everything, then remove this one.", true, "fernet-key"],
  [
    "Put a new secret before this one in the list, so that what this one signed stays valid; remove this one once that has expired.",
    true,
    "ory-secrets",
  ],
  [
    "Set a new pair at LiveKit's server and in everything that creates tokens with it, then remove this one.",
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
    "Create a second access key, move everything to it, deactivate this one, then delete it; a role needs no key at all.",
    true,
    ...["aws-access-key-id", "aws-secret-access-key"],
  ],
  [
    "Create a secondary token, move everything to it, then promote it: that revokes this one.",
    true,
    "twilio-auth-token",
  ],
  [
    "Roll it at the service that signs with it, and accept both until this one has expired.",
    true,
    ...["stripe-webhook-secret", "paddle-webhook-secret", "adyen-hmac-key", "slack-signing-secret"],
    ...["upstash-signing-key", "inngest-key"],
  ],
  // What runs out
  [
    "It expires by itself, usually within hours; until then only its issuer can revoke it. Rotate the credential it was created from.",
    true,
    ...["aws-session-token", "aws-bedrock-short-term-key", "aws-ecr-password", "google-oauth-token"],
    ...["gitlab-job-token", "github-app-token", "paypal-access-token"],
  ],
  ["It works once and expires soon; create a new one when you need one.", true, "keeper-one-time-token"],
  ["It expires within minutes; request a new one when the server has to be claimed.", false, "plex-claim"],
  [
    "It is valid until it expires: sign its holder out or revoke it at its issuer. If neither is possible, replace the signing key.",
    false,
    ...["jwt", "jwe"],
  ],
  ["Replace the key that signs the sessions: that invalidates all existing sessions.", false, "signed-cookie"],
  [
    "Revoke the policy or key that it was signed with; otherwise it stays valid until it expires.",
    false,
    "url-signature",
  ],
  [
    "Sign out everywhere to end the session, then sign in again.",
    false,
    ...["cookie-file", "site-session", "roblox-cookie", "telegram-session", "gitlab-session", "matrix-token"],
  ],
  ["Register another application and use its hash: this one cannot be changed.", false, "telegram-api-hash"],
  ["Ask @BotFather to revoke it: the new one replaces this one at once.", true, "telegram-bot-token"],
  ["Have the vendor block it and issue another.", false, "licence-key"],
  // Addresses
  [
    "Delete the webhook and create a new one: its address is the credential.",
    true,
    ...["slack-webhook", "discord-webhook", "teams-webhook", "google-chat-webhook", "automation-webhook"],
    ...["deploy-hook", "heartbeat-url", "chat-server-webhook"],
  ],
  ["Issue new credentials for the address at the service that it notifies.", false, "notification-url"],
  ["Reset the secret address in the calendar's settings.", true, "private-calendar"],
  // Clusters and Vault
  [
    "Revoke it (vault token revoke), and let the application log in for a new one.",
    true,
    "vault-token",
    "vault-legacy-token",
  ],
  ["Create a new SecretID for the role, give it to the application, then destroy this one.", true, "vault-secret-id"],
  ["Create new shares (vault operator rekey): that invalidates all of these.", true, "vault-unseal-key"],
  [
    "Make a new one (docker swarm join-token --rotate worker|manager): nodes that have joined stay in the swarm.",
    true,
    "swarm-token",
  ],
  [
    "Delete it (kubeadm token delete), and create a new one when the next node joins.",
    true,
    "kubernetes-bootstrap-token",
  ],
  ["Make a new one (k3s token rotate): nodes join with that from then on.", true, "k3s-token"],
  // Wallets
  [
    "Move its funds to a new wallet at once: the key itself cannot be changed.",
    false,
    ...["extended-private-key", "sui-private-key", "cardano-signing-key", "tezos-secret-key", "aptos-private-key"],
    ...["wallet-private-key", "bip39-mnemonic", "bitcoin-wif-key", "mnemonic"],
  ],
  ["Add a new access key to the account, then delete this one.", true, "near-private-key"],
  ["Create a new identity and announce it: the key itself cannot be changed.", false, "nostr-secret-key"],
];

export const HOW: ReadonlyMap<string, RotationGuide> = new Map(
  ENTRIES.flatMap(([text, page, ...rules]) => rules.map((rule) => [rule, { text, page }] as const)),
);
