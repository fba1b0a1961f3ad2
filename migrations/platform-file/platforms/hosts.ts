import { cmd } from "../../../src/kit/shell.ts";
import type { Platform } from "./platform.ts";

/** Modules that start containers; people write them with and without their collection's name. */
const MODULES = ["docker_container", "docker_swarm_service", "podman_container"];

/** Source: docs.ansible.com, community.docker.docker_container and containers.podman.podman_container. */
export const ansible: Platform = {
  name: "ansible",
  what: "an Ansible playbook",
  path: /\.ya?ml$/,
  signs: [MODULES],
  environments: MODULES.map((module) => ({ at: `**/*${module}/env`, form: "map" })),
  exposure: "anyone who can read the playbook or inspect the container",
  stays: ({ name }) => ({
    reason: "is in the env of an Ansible task",
    hint: cmd`ansible-vault encrypt_string --stdin-name ${name.toLowerCase()}, put its answer in a vars file, and write {{ ${name.toLowerCase()} }} here`,
  }),
};

export const ansibleVars: Platform = {
  name: "ansible-vars",
  what: "a vars file of Ansible",
  path: /(?:^|\/)(?:(?:group|host)_vars\/.+|roles\/[^/]+\/(?:vars|defaults)\/.+)\.ya?ml$/,
  signs: [],
  environments: [
    { at: "", form: "map" },
    { at: "**/env", form: "map" },
  ],
  exposure: "anyone who can read the playbook",
  stays: ({ name }) => ({
    reason: "is in a vars file of Ansible",
    hint: cmd`ansible-vault encrypt_string --stdin-name ${name}, and put its answer in its place; or ansible-vault encrypt the whole file`,
  }),
};

/** Source: containers.dev/implementors/json_reference. */
export const devcontainer: Platform = {
  name: "devcontainer",
  what: "a dev container's configuration",
  path: /(?:^|\/)\.?devcontainer(?:\/[^/]{1,100}){0,3}\.json$/,
  signs: [["containerEnv", "remoteEnv", "build"]],
  environments: ["containerEnv", "remoteEnv", "build/args"].map((at) => ({ at, form: "map" })),
  exposure: "anyone who can read the repository",
  stays: ({ name }) => ({
    reason: "is in a dev container's configuration",
    hint: cmd`write $\{localEnv:${name}} in its place, and name it under "secrets", so that people are asked for it`,
  }),
};

/** Templates that Ansible and other programs fill in before something else reads them. */
export const templates: Platform = {
  name: "template",
  what: "a template",
  path: /\.(?:j2|jinja2?|tmpl|gotmpl|tpl|erb|ejs)$/,
  signs: [["{{", "{%", "<%"]],
  environments: [
    { at: "services/*/environment", form: "map" },
    { at: "services/*/environment", form: "words" },
    { at: "**/env", form: { name: "name", value: "value" } },
    { at: "**/containerDefinitions/*/environment", form: { name: "name", value: "value" } },
    { at: "**/task/*/env", form: "map" },
  ],
  exposure: "anyone who can read the template",
  stays: (variable) => ({
    reason: "is written into a template",
    hint: cmd`write a variable such as {{ ${variable.name.toLowerCase()} }} in its place, and give it from ansible-vault or your store`,
  }),
};
