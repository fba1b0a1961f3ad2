import rows from "./azure.json" with { type: "json" };
import type { Kit } from "./kit.ts";
import { shaped, type Rule } from "./rule.ts";
import { table } from "./table.ts";

const SAS = "https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas";
const STORAGE = "https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage";

/**
 * A key that Microsoft designed to be recognised: `before` characters, the service's four letters, six more with the
 * base64 end that the length requires. Formats are those of Microsoft's scanner.
 */
function signed(
  rule: Pick<Rule, "id" | "description" | "reference"> & {
    readonly marks: readonly string[];
    readonly before: 33 | 42 | 44 | 76;
    readonly severity?: Rule["severity"];
  },
): Rule {
  const { marks, before, ...rest } = rule;
  const letters = before === 44 ? "A-Za-z0-9_-" : before === 42 && marks[0] === "AzSe" ? "A-Za-z0-9" : "A-Za-z0-9+/";
  const [head, tail] = { 33: ["[A-P]", "="], 42: ["[A-D]", ""], 44: ["", "[AQgw]=="], 76: ["", "[AQgw]=="] }[before];
  const any = marks.map((mark) => mark.replace("+", "\\+")).join("|");
  const make = (kit: Kit, mark: string): string =>
    kit.base62(before) + mark + (head === "" ? "" : "B") + kit.base62(5) + (tail ?? "").replace("[AQgw]", "g");
  return shaped({
    severity: "critical",
    ...rest,
    vendor: "Microsoft",
    keywords: marks.map((mark) => mark.toLowerCase()),
    pattern: new RegExp(
      `(?<![A-Za-z0-9+/_-])(?<secret>[${letters}]{${before}}(?:${any})${head}[${letters}]{5}${tail})(?![A-Za-z0-9+/_=-])`,
      "d",
    ),
    examples: (kit) => marks.map((mark) => make(kit, mark)),
    counterExamples: (kit) => [
      ...marks.map((mark) => kit.base62(12) + mark + kit.base62(6)),
      { name: "SOME_SHA512", value: kit.base64(64) },
    ],
  });
}

/** Microsoft Azure and Entra. */
export const AZURE: readonly Rule[] = [
  signed({
    id: "azure-storage-key",
    description: "Azure storage account key",
    marks: ["+ASt"],
    before: 76,
    reference: STORAGE,
  }),
  signed({
    id: "azure-cosmos-key",
    description: "Azure Cosmos DB account key",
    marks: ["ACDb"],
    before: 76,
    reference: "https://learn.microsoft.com/azure/cosmos-db/secure-access-to-data",
  }),
  signed({
    id: "azure-batch-key",
    description: "Azure Batch account or Machine Learning web service key",
    marks: ["+ABa", "+AMC"],
    before: 76,
    reference: "https://learn.microsoft.com/azure/batch/batch-account-create-portal",
  }),
  signed({
    id: "azure-apim-key",
    description: "Azure API Management key",
    marks: ["APIM"],
    before: 76,
    reference: "https://learn.microsoft.com/azure/api-management/api-management-subscriptions",
  }),
  signed({
    id: "azure-service-key",
    description: "Azure Service Bus, Event Hubs or Relay shared access key",
    marks: ["+ASb", "+AEh", "+ARm"],
    before: 33,
    reference: SAS,
  }),
  signed({
    id: "azure-event-grid-key",
    description: "Azure Event Grid key",
    marks: ["AZEG"],
    before: 33,
    severity: "high",
    reference: "https://learn.microsoft.com/azure/event-grid/get-access-keys",
  }),
  signed({
    id: "azure-iot-key",
    description: "Azure IoT Hub, device or provisioning key",
    marks: ["AIoT"],
    before: 33,
    reference: "https://learn.microsoft.com/azure/iot-hub/authenticate-authorize-sas",
  }),
  signed({
    id: "azure-redis-key",
    description: "Azure Cache for Redis access key",
    marks: ["AzCa"],
    before: 33,
    reference: "https://learn.microsoft.com/azure/azure-cache-for-redis/cache-configure",
  }),
  signed({
    id: "azure-function-key",
    description: "Azure Functions access key",
    marks: ["AzFu"],
    before: 44,
    severity: "high",
    reference: "https://learn.microsoft.com/azure/azure-functions/function-keys-how-to",
  }),
  signed({
    id: "azure-search-key",
    description: "Azure AI Search admin or query key",
    marks: ["AzSe"],
    before: 42,
    severity: "high",
    reference: "https://learn.microsoft.com/azure/search/search-security-api-keys",
  }),
  signed({
    id: "azure-registry-key",
    description: "Azure Container Registry password",
    marks: ["+ACR"],
    before: 42,
    reference: "https://learn.microsoft.com/azure/container-registry/container-registry-authentication",
  }),
  ...table(rows),
];
