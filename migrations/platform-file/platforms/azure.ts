import { cmd } from "../../../src/kit/shell.ts";
import { appServiceReferences, containerAppSecrets } from "./azure-native.ts";
import type { Platform } from "./platform.ts";

/**
 * `az webapp config appsettings list` and `set --settings @FILE`, and a site in an ARM template. Source: learn.microsoft.com,
 * "Use Key Vault references as app settings in Azure App Service".
 */
export const appService: Platform = {
  name: "app-service",
  what: "settings of an Azure App Service",
  path: /\.json$/,
  signs: [["slotSetting", "Microsoft.Web/sites"]],
  environments: [
    { at: "", form: { name: "name", value: "value" } },
    { at: "**/appSettings", form: { name: "name", value: "value" } },
  ],
  exposure: "anyone who may list the site's settings, as a Contributor may",
  stays: ({ name }) => ({
    reason: "is in the settings of an App Service",
    hint: cmd`write @Microsoft.KeyVault(SecretUri=URI) as the value of ${name}`,
  }),
  native: appServiceReferences,
};

/** Source: learn.microsoft.com, "Manage secrets in Azure Container Apps", and the YAML specification of `az containerapp`. */
export const containerApps: Platform = {
  name: "container-apps",
  what: "an Azure Container App",
  path: /\.(?:ya?ml|json)$/,
  signs: [["configuration"], ["template"], ["containers"], ["nvironmentId", "Microsoft.App/"]],
  environments: [
    { at: "**/configuration/secrets", form: { name: "name", value: "value" } },
    { at: "**/template/containers/*/env", form: { name: "name", value: "value" } },
  ],
  exposure: "anyone who may read the Container App, in every revision",
  stays: ({ name }) => ({
    reason: "is in the description of a Container App",
    hint: cmd`name it in configuration.secrets, with keyVaultUrl and identity: ${name}`,
  }),
  native: containerAppSecrets,
};
