import type { KeyFields, KeyService } from "../../src/contract/key-service.ts";
import type { ProviderContext } from "../../src/contract/provider.ts";
import { cmd } from "../../src/kit/shell.ts";
import { UnsprawlError } from "../../src/model/error.ts";
import { GcpFailure } from "./answer.ts";
import { gcpClient } from "./client.ts";
import { origin, type GcpSettings } from "./settings.ts";

const PUBLIC = "https://cloudkms.googleapis.com";
const ENDPOINT_VARIABLE = "CLOUDSDK_API_ENDPOINT_OVERRIDES_CLOUDKMS";
/** What the caller below says itself (google.rpc.Code). */
const ANSWERED = ["PERMISSION_DENIED", "NOT_FOUND", "INVALID_ARGUMENT", "FAILED_PRECONDITION"];

/** Keys of Cloud KMS (v1, REST), by this provider's login (getsops/sops gcpkms/keysource.go). */
export function cryptoKeys({ env }: Pick<ProviderContext, "env">): KeyService {
  const call = async (verb: "encrypt" | "decrypt", fields: KeyFields, body: GcpKeyBody): Promise<string> => {
    const { resource, projectId, path } = keyOf(fields);
    const endpoint = origin(env[ENDPOINT_VARIABLE] || PUBLIC);
    const settings: GcpSettings = {
      ...{ projectId, endpoint, auth: { method: "default" }, service: "Cloud KMS" },
      ...{ name: "", locations: [], kmsKeys: [], reader: null },
    };
    const answer = await gcpClient(settings, env).call({
      ...{ permission: "versions.access", name: resource, method: "POST" },
      ...{ path: `${path}:${verb}`, body, expect: ANSWERED },
    });
    if (answer instanceof GcpFailure) throw refused(answer, verb, resource);
    const given = answer.body[verb === "encrypt" ? "ciphertext" : "plaintext"];
    if (typeof given === "string") return given;
    throw new UnsprawlError("malformed", `Cloud KMS gave no ${verb}ed key for ${resource}`, "try again");
  };
  return {
    async wrap(fields, dataKey) {
      const enc = await call("encrypt", fields, { plaintext: dataKey.toString("base64") });
      return { ...fields, created_at: `${new Date().toISOString().slice(0, 19)}Z`, enc };
    },
    async unwrap(fields) {
      const ciphertext = typeof fields["enc"] === "string" ? fields["enc"] : "";
      return Buffer.from(await call("decrypt", fields, { ciphertext }), "base64");
    },
  };
}

type GcpKeyBody = { readonly plaintext: string } | { readonly ciphertext: string };

/** `projects/P/locations/L/keyRings/R/cryptoKeys/K`: it becomes a part of an address. */
function keyOf({ resource_id: id }: KeyFields): {
  readonly resource: string;
  readonly projectId: string;
  readonly path: string;
} {
  const form =
    /^projects\/((?:[a-z0-9.-]{1,100}:)?[a-z0-9][a-z0-9-]{1,62})\/(locations\/[\w-]{1,63}\/keyRings\/[\w-]{1,63}\/cryptoKeys\/[\w-]{1,63})$/;
  const [resource, projectId = "", path = ""] = (typeof id === "string" && form.exec(id)) || [];
  if (resource !== undefined) return { resource, projectId, path };
  throw new UnsprawlError(
    "malformed",
    "a key of Cloud KMS is not named as one",
    "the form is projects/PROJECT/locations/LOCATION/keyRings/RING/cryptoKeys/KEY: gcloud kms keys list shows it",
  );
}

function refused({ code, reason }: GcpFailure, verb: "encrypt" | "decrypt", resource: string): UnsprawlError {
  if (code === "PERMISSION_DENIED")
    return new UnsprawlError(
      "denied",
      `Cloud KMS does not grant cloudkms.cryptoKeyVersions.${verb === "encrypt" ? "useToEncrypt" : "useToDecrypt"} for ${resource}`,
      cmd`gcloud kms keys add-iam-policy-binding ${resource} --member "<principal>" --role roles/cloudkms.cryptoKeyEncrypterDecrypter`,
      reason || code,
    );
  if (code === "NOT_FOUND")
    return new UnsprawlError("config", `Cloud KMS has no key ${resource}`, "gcloud kms keys list shows them", code);
  if (code === "FAILED_PRECONDITION")
    return new UnsprawlError(
      "denied",
      `the version of ${resource} that is needed is disabled or destroyed`,
      cmd`gcloud kms keys versions list --key ${resource}`,
      reason || code,
    );
  return new UnsprawlError(
    "malformed",
    `Cloud KMS does not ${verb} with ${resource}: the wrapped key was changed, or is another key's`,
    "restore the file from a backup",
    code,
  );
}
