import type { Kit } from "./kit.ts";
import { named, shaped, type Rule } from "./rule.ts";

const FORMAT = "https://github.com/microsoft/security-utilities";
const SAS = "https://learn.microsoft.com/azure/service-bus-messaging/service-bus-sas";
const STORAGE = "https://learn.microsoft.com/azure/storage/common/storage-account-keys-manage";

/** The keys of Microsoft's emulators stand in its documentation, the same for everyone. */
const EMULATOR = "(?!Eby8vdM02xNOcqFl|C2y6yDjf5/R)";

/**
 * A key that Microsoft made so that it can be told: `before` characters, the service's four letters, six more with the
 * base64 end that the length asks for. Formats are those of Microsoft's own scanner.
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
  shaped({
    id: "azure-annotated-key",
    vendor: "Microsoft",
    description: "Azure key of the common annotated form (OpenAI, Cognitive Services, Maps, Web PubSub, …)",
    keywords: ["jqqj9"],
    pattern:
      /(?<![A-Za-z0-9])(?<secret>[A-Za-z0-9]{52}JQQJ9[9DH][A-Za-z0-9][A-L][A-Za-z0-9]{16}(?!AZDO)[A-Za-z][A-Za-z0-9]{7}(?:[A-Za-z0-9]{2}==)?)(?![A-Za-z0-9])/d,
    severity: "critical",
    examples: (kit) => [`${kit.base62(52)}JQQJ99B${kit.pick(["A", "F", "L"])}${kit.base62(16)}ACOG${kit.base62(4)}`],
    counterExamples: (kit) => [`${kit.base62(20)}JQQJ99${kit.base62(10)}`],
    reference: FORMAT,
  }),
  shaped({
    id: "azure-client-secret",
    vendor: "Microsoft",
    description: "Entra ID application client secret",
    keywords: ["0q~", "1q~", "2q~", "3q~", "4q~", "5q~", "6q~", "7q~", "8q~", "9q~"],
    pattern: /(?<![A-Za-z0-9_~.+/-])(?<secret>[A-Za-z0-9_~.-]{3}\dQ~[A-Za-z0-9_~.-]{31,34})(?![A-Za-z0-9_~.+/-])/d,
    examples: (kit) => [`${kit.base62(3)}8Q~${kit.urlsafe(34)}`, `${kit.base62(3)}7Q~${kit.urlsafe(31)}`],
    counterExamples: (kit) => [`${kit.base62(3)}8Q~${kit.base62(5)}`],
    severity: "critical",
    reference: "https://learn.microsoft.com/entra/identity-platform/quickstart-register-app",
  }),
  shaped({
    id: "azure-account-key",
    vendor: "Microsoft",
    description: "Key in an Azure connection string (storage, Service Bus, IoT, SignalR, App Configuration, …)",
    keywords: ["accountkey=", "sharedaccesskey=", "accesskey=", ".azconfig.io;"],
    pattern: new RegExp(
      `(?:(?:Account|SharedAccess|Access)Key=|\\.azconfig\\.io;Id=[^;\\s]{1,80};Secret=)${EMULATOR}(?<secret>[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=|[A-Za-z0-9]{84})(?![A-Za-z0-9+/=])`,
      "d",
    ),
    severity: "critical",
    examples: (kit) => [
      `DefaultEndpointsProtocol=https;AccountName=shop;AccountKey=${kit.base64(64)};EndpointSuffix=core.windows.net`,
      `Endpoint=sb://shop.servicebus.windows.net/;SharedAccessKeyName=all;SharedAccessKey=${kit.base64(32)}`,
      `Endpoint=https://shop.service.signalr.net;AccessKey=${kit.base64(32)};Version=1.0;`,
    ],
    counterExamples: (kit) => [
      "DefaultEndpointsProtocol=https;AccountName=shop;EndpointSuffix=core.windows.net",
      `AccountName=devstoreaccount1;AccountKey=Eby8vdM02xNOcqFl${kit.base62(70)}==`,
    ],
    reference: "https://learn.microsoft.com/azure/storage/common/storage-configure-connection-string",
  }),
  named({
    id: "azure-key",
    vendor: "Microsoft",
    description:
      "Azure key without a mark (Cognitive Services, OpenAI, Search, Maps, older storage and messaging keys)",
    keywords: ["azure", "cognitive", "speech", "ocp", "appinsights"],
    names: /(?:azure|cognitive|speech|ocp|appinsights).{0,40}(?:key|token)/,
    shape: `[0-9a-f]{32}|[A-Za-z0-9]{84}|[A-Za-z0-9]{52}|${EMULATOR}[A-Za-z0-9+/]{86}==|[A-Za-z0-9+/]{43}=`,
    as: "AZURE_OPENAI_API_KEY",
    make: (kit) => kit.hex(32),
    reference: "https://learn.microsoft.com/azure/ai-services/authentication",
  }),
];
