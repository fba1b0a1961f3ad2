import { named, prefixed, shaped, type Rule } from "./rule.ts";

const AWS = "https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_identifiers.html";

/** AWS writes its documented sample keys so that they end in EXAMPLE. */
const notSample = (secret: string): "wrong" | "fake" => (/EXAMPLE/i.test(secret) ? "fake" : "wrong");

/** AWS and its services' own keys. */
export const AMAZON: readonly Rule[] = [
  prefixed({
    id: "aws-access-key-id",
    vendor: "AWS",
    description: "AWS access key id, half of a key pair",
    prefix: ["AKIA", "ASIA", "ABIA", "ACCA"],
    body: "[A-Z2-7]{16}",
    make: (kit) => kit.base32(16),
    validate: notSample,
    confidence: "medium",
    counterExamples: () => [["AKIA", "IOSFODNN7", "EXAMPLE"].join("")],
    reference: AWS,
  }),
  named({
    id: "aws-secret-access-key",
    vendor: "AWS",
    description: "AWS secret access key",
    keywords: ["aws", "amazon", "secret", "s3", "ses", "bucket", "backup"],
    names:
      /secret_access_key|^(?:access_)?secret(?:_key)?$|(?:^|_)(?:aws|amazon|s3|ses|bucket|backup|minio|object_store)_(?:[a-z0-9]{1,20}_){0,4}secret/,
    shape: "[A-Za-z0-9/+]{40}",
    as: "AWS_SECRET_ACCESS_KEY",
    make: (kit) => kit.base62(39).concat("/"),
    validate: notSample,
    severity: "critical",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_access-keys.html",
  }),
  shaped({
    id: "aws-session-token",
    vendor: "AWS",
    description: "AWS temporary session token",
    keywords: ["iqojb3jpz2lux2vj", "fwogzxivyxdz", "fqogzxivyxdz"],
    pattern: /(?<![A-Za-z0-9+/])(?<secret>(?:IQoJb3JpZ2luX2Vj|F[wQ]oGZXIvYXdz)[A-Za-z0-9/+]{80,2000}={0,2})/d,
    prefixes: ["IQoJb3JpZ2luX2Vj", "FwoGZXIvYXdz"],
    examples: (kit) => [`IQoJb3JpZ2luX2Vj${kit.base62(300)}`, `FwoGZXIvYXdz${kit.base62(300)}==`],
    counterExamples: () => ["IQoJb3JpZ2luX2Vj"],
    severity: "critical",
    reference: "https://docs.aws.amazon.com/IAM/latest/UserGuide/id_credentials_temp_use-resources.html",
  }),
  prefixed({
    id: "aws-bedrock-api-key",
    vendor: "AWS",
    description: "Amazon Bedrock API key, long-term",
    prefix: ["ABSK"],
    body: "[A-Za-z0-9+/]{109,269}={0,2}",
    make: (kit) => kit.base62(128),
    reference: "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys.html",
  }),
  prefixed({
    id: "aws-bedrock-short-term-key",
    vendor: "AWS",
    description: "Amazon Bedrock API key, short-term: a signed URL in base64",
    prefix: ["bedrock-api-key-YmVkcm9jay5hbWF6b25hd3MuY29t"],
    body: "[A-Za-z0-9+/]{100,4000}={0,2}",
    make: (kit) => kit.base62(900),
    reference: "https://docs.aws.amazon.com/bedrock/latest/userguide/api-keys-how.html",
  }),
  shaped({
    id: "aws-ecr-password",
    vendor: "AWS",
    description: "Login to an Amazon ECR registry",
    keywords: ["eyjwyxlsb2fkijoi"],
    pattern: /(?<![A-Za-z0-9+/])(?<secret>eyJwYXlsb2FkIjoi[A-Za-z0-9+/]{300,4000}={0,2})/d,
    prefixes: ["eyJwYXlsb2FkIjoi"],
    examples: (kit) => [
      Buffer.from(JSON.stringify({ payload: kit.base64(600), datakey: kit.base64(120), version: "2" })).toString(
        "base64",
      ),
    ],
    counterExamples: () => ["eyJwYXlsb2FkIjoi"],
    reference: "https://docs.aws.amazon.com/AmazonECR/latest/userguide/registry_auth.html",
  }),
  prefixed({
    id: "aws-appsync-key",
    vendor: "AWS",
    description: "AWS AppSync GraphQL API key",
    prefix: ["da2-"],
    body: "[a-z0-9]{26}",
    make: (kit) => kit.alnum(26),
    severity: "medium",
    reference: "https://docs.aws.amazon.com/appsync/latest/devguide/security-authz.html",
  }),
  prefixed({
    id: "amazon-mws-token",
    vendor: "Amazon",
    description: "Amazon MWS authorization token",
    prefix: ["amzn.mws."],
    body: "[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}",
    make: (kit) => kit.uuid(),
    reference: "https://developer-docs.amazon.com/sp-api/docs/authorizing-selling-partner-api-applications",
  }),
];
