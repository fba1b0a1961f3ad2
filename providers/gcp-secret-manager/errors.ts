import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { connectionError } from "../../src/stores-kit/connection-error.ts";
import { NOT_JSON, type GcpFailure } from "./answer.ts";
import { deniedHint, type GcpPermission } from "./policy.ts";
import type { GcpSettings } from "./settings.ts";

/** What was tried, on one secret or (null) on the project. */
export type GcpAct = { readonly permission: GcpPermission; readonly name: string | null };

/** How messages call the store. */
export function storeName({
  projectId,
  endpoint,
  service = "Secret Manager",
}: Pick<GcpSettings, "projectId" | "endpoint" | "service">): string {
  return `${service} of ${projectId}${endpoint.endsWith(".googleapis.com") ? "" : ` at ${endpoint}`}`;
}

/** The error for a failure that was neither handled nor waited out. */
export function failed(failure: GcpFailure, act: GcpAct, settings: GcpSettings): UnsprawlError {
  const { status, code, reason } = failure;
  const at = storeName(settings);
  if (status === 0) return gcpConnectionError(code, at, "endpoint");
  const known = ANSWERS.find(({ when }) => when(failure));
  if (known !== undefined) return known.error({ failure, at, projectId: settings.projectId, ...act });
  return new UnsprawlError(
    status === 400 ? "refused" : "malformed",
    `${at} refuses ${act.permission}${act.name === null ? "" : ` for ${act.name}`}`,
    "unsprawl stores check shows what it allows",
    reason || code || String(status),
  );
}

type GcpRefusedCall = GcpAct & {
  readonly failure: GcpFailure;
  readonly at: string;
  readonly projectId: string;
};

/** What the service answers, and what to do about it; the first that fits. */
const ANSWERS: readonly {
  readonly when: (failure: GcpFailure) => boolean;
  readonly error: (call: GcpRefusedCall) => UnsprawlError;
}[] = [
  {
    when: ({ status }) => status === 401,
    error: ({ at, failure }) =>
      new UnsprawlError(
        "denied",
        `${at} does not accept the token`,
        "gcloud auth application-default login, or check auth in the store's configuration",
        failure.reason || "401",
      ),
  },
  {
    when: ({ reason }) => reason === "SERVICE_DISABLED",
    error: ({ at, projectId, failure }) =>
      new UnsprawlError(
        "denied",
        `${at} is not enabled`,
        cmd`gcloud services enable secretmanager.googleapis.com --project ${projectId}`,
        failure.reason,
      ),
  },
  {
    when: ({ reason }) => reason === "ACCESS_TOKEN_SCOPE_INSUFFICIENT",
    error: ({ at, failure }) =>
      new UnsprawlError(
        "denied",
        `${at} does not accept this machine's token, whose scopes lack cloud-platform`,
        "gcloud compute instances set-service-account INSTANCE --scopes cloud-platform (the instance must be stopped)",
        failure.reason,
      ),
  },
  {
    when: ({ status }) => status === 403,
    error: ({ at, projectId, permission, name, failure }) =>
      new UnsprawlError(
        "denied",
        `${at} does not grant secretmanager.${permission}${name === null ? "" : ` for ${name}`}`,
        deniedHint(permission, projectId),
        failure.reason || "403",
      ),
  },
  {
    when: ({ status }) => status === 404,
    error: ({ at, projectId }) =>
      new UnsprawlError(
        "malformed",
        `${at} does not answer as Secret Manager`,
        cmd`check endpoint and projectId: gcloud projects describe ${projectId}`,
        "404",
      ),
  },
  {
    when: ({ status }) => status === 409,
    error: ({ at, name }) =>
      new UnsprawlError("conflict", `${at} is busy with ${name ?? "it"}`, "try again in a minute", "409"),
  },
  {
    when: ({ status }) => status === 429,
    error: ({ at, failure: { retryAfter, reason } }) =>
      new UnsprawlError(
        "throttled",
        `${at} asks to slow down${retryAfter === null ? "" : `, for ${Math.ceil(retryAfter / 1000)} s`}`,
        "try again in a minute, or raise the project's quota for secretmanager.googleapis.com",
        reason || "429",
        retryAfter,
      ),
  },
  {
    when: ({ status }) => status >= 500,
    error: ({ at, failure: { status } }) =>
      new UnsprawlError("unreachable", `${at} cannot answer now`, "try again later", String(status)),
  },
];

/** There is a version, and its value cannot be read: absent would be a lie. `state` is empty if it is not known. */
export function unreadableVersion(name: string, version: string, state: string, settings: GcpSettings): UnsprawlError {
  const how = state === "" ? "disabled or destroyed" : state.toLowerCase();
  const hint =
    state === "DISABLED"
      ? cmd`gcloud secrets versions enable ${version} --secret ${name} --project ${settings.projectId}`
      : cmd`gcloud secrets versions list ${name} --project ${settings.projectId} shows the others`;
  const which = version === "latest" ? "the latest version" : `version ${version}`;
  return new UnsprawlError("denied", `${which} of ${name} is ${how} in ${storeName(settings)}`, hint, state || "400");
}

/** A connection to the service or to a login server that failed. `setting` says where it is. */
export function gcpConnectionError(code: string, at: string, setting: string): UnsprawlError {
  if (code === NOT_JSON)
    return new UnsprawlError(
      "unreachable",
      `${at} broke off its answer, or is not Google's`,
      cmd`try again; check ${setting} and HTTPS_PROXY`,
      code,
    );
  return connectionError(code, at, setting, {
    refused: cmd`check ${setting}, and the network`,
    late: "check the network, a private endpoint, and HTTPS_PROXY",
    broken: "try again; check the network and HTTPS_PROXY",
  });
}
