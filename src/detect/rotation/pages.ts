/** The vendors' own pages on rotating and revoking, where the rule refers to another one. */
export const PAGE_BY_VENDOR: { readonly [vendor: string]: string } = {
  Anthropic: "https://support.claude.com/en/articles/9767949-api-key-best-practices",
  GitHub:
    "https://docs.github.com/en/authentication/keeping-your-account-and-data-secure/token-expiration-and-revocation",
  GitLab: "https://docs.gitlab.com/security/tokens/",
  OpenAI: "https://help.openai.com/en/articles/5112595-best-practices-for-api-key-safety",
  Shopify: "https://shopify.dev/docs/apps/build/authentication-authorization/manage-credentials",
  Stripe: "https://docs.stripe.com/keys-best-practices",
  Supabase: "https://supabase.com/docs/guides/security/rotate-leaked-api-keys",
  npm: "https://docs.npmjs.com/revoking-access-tokens",
};

export const PAGE_BY_RULE: { readonly [rule: string]: string } = {
  "aws-access-key-id": "https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html",
  "aws-secret-access-key": "https://docs.aws.amazon.com/IAM/latest/UserGuide/id-credentials-access-keys-update.html",
  "aws-session-token": "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_roles_use_revoke-sessions.html",
  "cloudflare-scannable-token": "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/",
  "cloudflare-token": "https://developers.cloudflare.com/fundamentals/api/how-to/roll-token/",
  password: "https://developer.hashicorp.com/vault/docs/secrets/databases",
  "slack-token": "https://api.slack.com/methods/auth.revoke",
  "stripe-webhook-secret": "https://docs.stripe.com/webhooks/signature",
  "swarm-token": "https://docs.docker.com/reference/cli/docker/swarm/join-token/",
  "twilio-auth-token": "https://www.twilio.com/docs/iam/api/secondary_authtoken",
  "url-password": "https://developer.hashicorp.com/vault/docs/secrets/databases",
  "user-password": "https://developer.hashicorp.com/vault/docs/secrets/databases",
  "vault-legacy-token": "https://developer.hashicorp.com/vault/docs/commands/token/revoke",
  "vault-token": "https://developer.hashicorp.com/vault/docs/commands/token/revoke",
  "vault-unseal-key": "https://developer.hashicorp.com/vault/tutorials/operations/rekeying-and-rotating",
};
